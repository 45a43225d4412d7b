#include "pull/file_pull.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "pull/patience.h"

namespace threadrunner::pull {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

}  // namespace

Result<void> check_room(const fs::path& folder, std::uint64_t bytes) {
    std::error_code error;
    const fs::space_info space = fs::space(folder, error);
    if (error || space.available >= bytes + limits::pull_space_left) {
        return {};
    }
    return fail(ErrorCode::disk_full,
                "there is no room for " + format_bytes(bytes) + " more in " + folder.string() +
                    ": " + format_bytes(space.available) + " are free, of which " +
                    format_bytes(limits::pull_space_left) +
                    " stay for others; delete something (threadrunner rm), then pull again");
}

FilePull::FilePull(const Order& order, RemoteFile remote, fs::path file, Tally tally,
                   Channel& channel)
    : order_(order),
      remote_(std::move(remote)),
      file_(std::move(file)),
      partial_(file_.string() + ".partial"),
      journal_file_(file_.string() + ".json"),
      tally_(tally),
      channel_(channel) {}

Result<RemoteFile> FilePull::run() {
    std::error_code error;
    if (fs::exists(file_, error)) {
        // all of it came in an earlier run, whose journal says what it was
        const auto journal = read_journal(journal_file_);
        if (journal && journal->url == remote_.url &&
            (remote_.sha256.empty() || remote_.sha256 == journal->sha256)) {
            remote_.bytes = journal->total;
            remote_.sha256 = journal->sha256;
            remote_.validator = journal->validator;
            return remote_;
        }
        fs::remove(file_, error);
    }
    for (auto opened = open();; opened = start_anew()) {
        auto fetched = opened ? fetch() : opened;
        if (!fetched) {
            return std::unexpected(fetched.error());
        }
        const auto right = verify();
        if (!right) {
            return std::unexpected(right.error());
        }
        if (*right) {
            break;
        }
    }
    if (::rename(partial_.c_str(), file_.c_str()) != 0) {
        return fail_system(ErrorCode::internal, "cannot rename " + partial_.string(), errno);
    }
    remote_.bytes = done_;
    remote_.validator = journal_.validator;
    return remote_;
}

Result<void> FilePull::open() {
    fd_.reset(::open(partial_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd_) {
        return fail_system(ErrorCode::internal, "cannot create " + partial_.string(), errno);
    }
    const auto journal = read_journal(journal_file_);
    const bool same =
        journal && journal->url == remote_.url &&
        (remote_.sha256.empty() || journal->sha256.empty() || remote_.sha256 == journal->sha256);
    const bool safe = same && (!journal->validator.empty() || !remote_.sha256.empty());
    return safe ? resume(*journal) : start_anew();
}

/// Reads what is there, for its hash.
Result<void> FilePull::resume(const Journal& journal) {
    journal_ = journal;
    if (remote_.sha256.empty()) {
        remote_.sha256 = journal.sha256;
    }
    std::vector<char> piece(limits::pull_piece_bytes);
    while (done_ < journal.done) {
        const auto wanted = std::min<std::uint64_t>(piece.size(), journal.done - done_);
        const ssize_t size = ::read(fd_.get(), piece.data(), static_cast<std::size_t>(wanted));
        if (size <= 0) {
            break;  // less is there than was noted: go on from here
        }
        hash_.add({piece.data(), static_cast<std::size_t>(size)});
        done_ += static_cast<std::uint64_t>(size);
        tell("reading");
        if (auto asked = channel_.pump(); !asked) {
            return asked;
        }
    }
    resumed_ = done_ > 0;
    most_ = done_;
    if (::ftruncate(fd_.get(), static_cast<off_t>(done_)) != 0 ||
        ::lseek(fd_.get(), static_cast<off_t>(done_), SEEK_SET) < 0) {
        return fail_system(ErrorCode::internal, "cannot go on with " + partial_.string(), errno);
    }
    return {};
}

Result<void> FilePull::start_anew() {
    journal_ = {.url = remote_.url, .sha256 = remote_.sha256};
    done_ = 0;
    hash_ = Sha256();
    resumed_ = false;
    if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) < 0) {
        return fail_system(ErrorCode::internal, "cannot empty " + partial_.string(), errno);
    }
    return {};
}

HttpRequest FilePull::request() const {
    // without any means to tell files apart there is no going on
    const bool safe = !journal_.validator.empty() || !remote_.sha256.empty();
    return {.url = remote_.url,
            .token = remote_.token,
            .from = safe ? done_ : 0,
            .if_range = journal_.validator,
            .limit_bytes = order_.limit_bytes,
            .connect = order_.connect,
            .stall = order_.stall};
}

bool FilePull::whole(const HttpResult& result) const {
    if (!result.fault.empty() || done_ == 0) {
        return false;
    }
    const long status = result.head.status;
    const bool success = status == 200 || status == 206;
    return success ? journal_.total == 0 || done_ == journal_.total
                   : status == 416 && done_ == journal_.total;
}

Result<void> FilePull::fetch() {
    Patience patience(order_, channel_, remote_.url);
    // one that is whole already would be asked for a range that is none
    while (journal_.total == 0 || done_ < journal_.total) {
        tell("downloading", true);
        misfit_ = false;
        auto result = http_get(request(), *this, channel_);
        if (!result && !misfit_) {
            [[maybe_unused]] const auto noted = note();
            return std::unexpected(result.error());
        }
        if (result && whole(*result)) {
            break;
        }
        const bool range_gone = result && result->head.status == 416;
        const bool progressed = done_ > most_;
        most_ = std::max(most_, done_);
        if (misfit_ || range_gone) {
            if (auto anew = start_anew(); !anew) {
                return anew;
            }
        }
        if (auto again = patience.another(result.value_or(HttpResult()), progressed); !again) {
            [[maybe_unused]] const auto noted = note();
            return again;
        }
    }
    return note();
}

Result<void> FilePull::begin(const HttpHead& head) {
    if (head.status == 206) {
        const bool fits = head.start == done_ &&
                          (journal_.total == 0 || !head.total || *head.total == journal_.total);
        if (!fits) {
            misfit_ = true;
            return fail(ErrorCode::internal, "the range does not continue what is here");
        }
    } else if (done_ > 0) {
        // the server has another file now, or cannot go on in the middle
        if (auto anew = start_anew(); !anew) {
            return anew;
        }
    }
    if (remote_.sha256.empty()) {
        remote_.sha256 = head.linked_sha256;
    }
    journal_.validator = head.validator;
    const std::uint64_t expected = journal_.total > 0 ? journal_.total : remote_.bytes;
    journal_.total = head.total.value_or(expected);
    journal_.sha256 = remote_.sha256;
    if (remote_.bytes > 0 && journal_.total > 0 && remote_.bytes != journal_.total) {
        return fail(ErrorCode::conflict,
                    remote_.url + " has " + std::to_string(journal_.total) + " bytes, and " +
                        std::to_string(remote_.bytes) +
                        " were promised; it changes at the moment, or the server is at fault: try "
                        "again later");
    }
    if (auto room =
            check_room(file_.parent_path(), journal_.total - std::min(done_, journal_.total));
        !room) {
        return room;
    }
    return note();
}

Result<void> FilePull::take(std::string_view bytes) {
    if (journal_.total > 0 && done_ + bytes.size() > journal_.total) {
        return fail(ErrorCode::invalid_request,
                    remote_.url + " sends more than the " + std::to_string(journal_.total) +
                        " bytes that it announced; that server is at fault");
    }
    hash_.add(bytes);
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(fd_.get(), bytes.data(), bytes.size());
        if (wrote < 0) {
            return fail_system(ErrorCode::internal, "cannot write " + partial_.string(), errno);
        }
        done_ += static_cast<std::uint64_t>(wrote);
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    tell("downloading");
    if (Clock::now() - noted_ < limits::pull_journal_every) {
        return {};
    }
    if (journal_.total == 0) {
        if (auto room = check_room(file_.parent_path(), 0); !room) {
            return room;
        }
    }
    return note();
}

/// What the journal says is on the disk is there even after the power failed.
Result<void> FilePull::note() {
    noted_ = Clock::now();
    if (::fdatasync(fd_.get()) != 0) {
        return fail_system(ErrorCode::internal, "cannot write " + partial_.string(), errno);
    }
    journal_.done = done_;
    return write_journal(journal_file_, journal_);
}

/// Whether it is what it should be; false: begin anew, once. One that is wrong is not kept.
Result<bool> FilePull::verify() {
    const std::string sum = hash_.finish();
    if (remote_.sha256.empty() || remote_.sha256 == sum) {
        remote_.sha256 = journal_.sha256 = sum;
        journal_.total = done_;
        auto noted = note();
        return noted ? Result<bool>(true) : std::unexpected(noted.error());
    }
    if (resumed_) {
        return false;
    }
    std::error_code ignored;
    fs::remove(partial_, ignored);
    fs::remove(journal_file_, ignored);
    return fail(ErrorCode::model_load_failed,
                remote_.url + " is not what was promised: its SHA-256 is " + sum + ", not " +
                    remote_.sha256 + "; it was deleted. Pull again, or from elsewhere");
}

void FilePull::tell(std::string_view stage, bool now) {
    const std::uint64_t total =
        tally_.total > 0 ? tally_.total : (journal_.total > 0 ? tally_.before + journal_.total : 0);
    channel_.progress(std::string(stage) + " " + remote_.name, tally_.before + done_, total, now);
}

}  // namespace threadrunner::pull
