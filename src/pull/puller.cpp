#include "pull/puller.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "base/limits.h"
#include "base/paths.h"
#include "base/percent_encoding.h"
#include "base/small_file.h"
#include "gguf/model_file.h"
#include "gguf/split_name.h"
#include "pull/file_pull.h"
#include "pull/http.h"
#include "pull/patience.h"
#include "pull/repository.h"
#include "base/sha256.h"
#include "wire/decode.h"
#include "wire/fields.h"

namespace threadrunner::pull {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".gguf";

/// Takes headers only.
class Nothing : public HttpSink {
public:
    Result<void> begin(const HttpHead&) override { return {}; }
    Result<void> take(std::string_view) override { return {}; }
};

/// The last piece of a URL's path.
std::string name_in(const std::string& url) {
    const std::string path = url.substr(0, url.find_first_of("?#"));
    return percent_decoded(path.substr(path.rfind('/') + 1));
}

/// The file of a URL; all of its parts, where its name says that it is one of several.
std::vector<RemoteFile> files_at(const Order& order) {
    const std::string name = name_in(order.url);
    const auto split = gguf::parse_split_name(name);
    if (!split || split->count > limits::gguf_parts_max) {
        return {{.url = order.url, .name = name}};
    }
    const std::string path = order.url.substr(0, order.url.find_first_of("?#"));
    const std::string rest = order.url.substr(path.size());
    const std::size_t begin = path.rfind('/') + 1;
    const std::string folder = path.substr(0, begin);
    const auto encoded = gguf::parse_split_name(path.substr(begin));
    std::vector<RemoteFile> out;
    for (std::uint64_t part = 1; part <= split->count; ++part) {
        std::string url = folder;
        url += encoded ? encoded->of_part(part) : split->of_part(part);
        url += rest;
        out.push_back({.url = std::move(url), .name = split->of_part(part)});
    }
    return out;
}

/// What the server says of a file, without fetching it. A server that does not like to be asked so
/// leaves it unknown.
Result<void> look_at(RemoteFile& file, const Order& order, Channel& channel) {
    Patience patience(order, channel, file.url);
    Nothing nothing;
    for (;;) {
        const auto result = http_get({.url = file.url,
                                      .token = file.token,
                                      .head = true,
                                      .connect = order.connect,
                                      .stall = order.stall},
                                     nothing, channel);
        if (!result) {
            return std::unexpected(result.error());
        }
        // it may serve what it does not talk about; the download will say
        const HttpHead& head = result->head;
        constexpr long too_many = 429;
        const bool refused = head.status >= 400 && head.status < 500 && head.status != too_many;
        constexpr long not_implemented = 501;
        if (result->fault.empty() && (refused || head.status == not_implemented)) {
            return {};
        }
        if (result->fault.empty() && head.status == 200) {
            file.bytes = file.bytes > 0 ? file.bytes : head.length.value_or(0);
            file.validator = head.validator;
            file.sha256 = file.sha256.empty() ? head.linked_sha256 : file.sha256;
            return {};
        }
        if (auto again = patience.another(*result, false); !again) {
            return again;
        }
    }
}

/// What a finished pull brought, kept beside what is not finished.
struct Record {
    std::string source;
    std::vector<RemoteFile> files;
};

std::optional<Record> read_record(const fs::path& file) {
    const auto text = read_small_file(file);
    const auto document = text ? wire::decode_json(*text) : Result<wire::Json>(wire::Json());
    if (!document) {
        return std::nullopt;
    }
    wire::Fields fields(*document, "the record");
    Record out{.source = fields.text("source").value_or("")};
    for (const wire::Json& entry : fields.array("files")) {
        wire::Fields inner(entry, "a file");
        out.files.push_back(
            {.name = inner.text("name").value_or(""),
             .bytes = static_cast<std::uint64_t>(inner.integer("bytes", 0).value_or(0)),
             .sha256 = inner.text("sha256").value_or(""),
             .validator = inner.text("validator").value_or("")});
    }
    return fields.check() ? std::optional(std::move(out)) : std::nullopt;
}

void write_record(const fs::path& file, const Record& record) {
    wire::Json files = wire::Json::array();
    for (const RemoteFile& one : record.files) {
        files.push_back({{"name", one.name},
                         {"bytes", one.bytes},
                         {"sha256", one.sha256},
                         {"validator", one.validator}});
    }
    // only to spare a later pull the download: without it that one compares what it can
    std::ofstream(file, std::ios::trunc)
        << wire::encode_json({{"source", record.source}, {"files", std::move(files)}}) << "\n";
}

/// One pull on its way.
class Puller {
public:
    Puller(const Order& order, Channel& channel) : order_(order), channel_(channel) {}

    Result<Pulled> run();

private:
    [[nodiscard]] Result<void> find();
    [[nodiscard]] Result<void> name_files();
    [[nodiscard]] Result<bool> is_there();
    [[nodiscard]] Result<bool> is_same_as(const Record& record) const;
    [[nodiscard]] Result<bool> has_same_content();
    [[nodiscard]] Result<void> fetch();
    [[nodiscard]] Result<void> move_in();
    [[nodiscard]] Pulled pulled(bool already) const;

    [[nodiscard]] fs::path target(const RemoteFile& file) const {
        return order_.folder / file.name;
    }
    [[nodiscard]] fs::path record_file() const { return order_.work / (name_ + ".json"); }
    [[nodiscard]] fs::path draft() const { return order_.work / name_; }

    const Order& order_;
    Channel& channel_;
    std::vector<RemoteFile> files_;
    std::string name_;
};

Result<void> Puller::find() {
    if (order_.url.empty()) {
        auto files = find_files(order_, channel_);
        if (!files) {
            return std::unexpected(files.error());
        }
        files_ = *std::move(files);
    } else {
        channel_.progress("looking", 0, 0, true);
        files_ = files_at(order_);
        for (RemoteFile& file : files_) {
            if (auto looked = look_at(file, order_, channel_); !looked) {
                return looked;
            }
        }
    }
    if (!order_.sha256.empty()) {
        if (files_.size() > 1) {
            return fail(ErrorCode::invalid_request, "a SHA-256 was given, and the model has " +
                                                        std::to_string(files_.size()) +
                                                        " files; it cannot be that of all of them");
        }
        files_.front().sha256 = sha256_from(order_.sha256);
    }
    return name_files();
}

/// The names that the files get: their own, or those of the name that was asked for.
Result<void> Puller::name_files() {
    std::uint64_t part = 0;
    for (RemoteFile& file : files_) {
        ++part;
        if (!order_.name.empty()) {
            const gguf::SplitName split{
                .prefix = order_.name, .part = part, .count = files_.size()};
            file.name =
                files_.size() == 1 ? order_.name + std::string(extension) : split.of_part(part);
        }
        const bool odd = std::ranges::any_of(file.name, [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '/';
        });
        if (odd || !file.name.ends_with(extension) || file.name.size() == extension.size() ||
            file.name.starts_with('.') || file.name.starts_with('-')) {
            return fail(
                ErrorCode::invalid_request,
                "'" + file.name + "' is no name for a model's file; choose one with --name");
        }
    }
    const auto split = gguf::parse_split_name(files_.front().name);
    name_ = split ? split->prefix
                  : files_.front().name.substr(0, files_.front().name.size() - extension.size());
    return {};
}

/// Whether a finished pull brought what the server has now. Without anything to compare it is not.
Result<bool> Puller::is_same_as(const Record& record) const {
    if (record.files.size() != files_.size()) {
        return false;
    }
    for (std::size_t i = 0; i < files_.size(); ++i) {
        const RemoteFile& now = files_[i];
        const RemoteFile& then = record.files[i];
        std::error_code error;
        const bool intact = fs::file_size(target(now), error) == then.bytes && !error;
        const bool same = now.sha256.empty()
                              ? !now.validator.empty() && now.validator == then.validator
                              : now.sha256 == then.sha256;
        if (!intact || !same) {
            return false;
        }
    }
    return true;
}

/// Whether files of unknown origin are those that the server has, by their SHA-256.
Result<bool> Puller::has_same_content() {
    for (const RemoteFile& file : files_) {
        std::error_code error;
        if (file.sha256.empty() || fs::file_size(target(file), error) != file.bytes || error) {
            return false;
        }
    }
    for (const RemoteFile& file : files_) {
        std::ifstream stream(target(file), std::ios::binary);
        std::vector<char> piece(limits::pull_piece_bytes);
        Sha256 hash;
        std::uint64_t done = 0;
        while (stream.read(piece.data(), static_cast<std::streamsize>(piece.size())) ||
               stream.gcount() > 0) {
            const auto size = static_cast<std::size_t>(stream.gcount());
            hash.add({piece.data(), size});
            channel_.progress("comparing " + file.name, done += size, file.bytes);
            if (auto wanted = channel_.pump(); !wanted) {
                return std::unexpected(wanted.error());
            }
        }
        if (hash.finish() != file.sha256) {
            return false;
        }
    }
    return true;
}

/// Whether the model is here already. Another one of its name is not replaced.
Result<bool> Puller::is_there() {
    std::error_code error;
    const fs::path first = target(files_.front());
    if (!fs::exists(first, error)) {
        return false;
    }
    const auto record = read_record(record_file());
    const bool ours = record && record->source == order_.source;
    auto same = ours ? is_same_as(*record) : has_same_content();
    if (!same || *same || ours) {
        return same;
    }
    return fail(ErrorCode::conflict, first.string() +
                                         " is there already and came from elsewhere; remove it "
                                         "(threadrunner rm " +
                                         name_ + "), or choose another name with --name");
}

Result<void> Puller::fetch() {
    Tally tally;
    for (const RemoteFile& file : files_) {
        tally.total += file.bytes;
    }
    const bool all_known = std::ranges::all_of(files_, [](const auto& f) { return f.bytes > 0; });
    tally.total = all_known ? tally.total : 0;
    std::uint64_t here = 0;
    for (const RemoteFile& file : files_) {
        std::error_code error;
        for (const fs::path& part : {draft() / file.name, draft() / (file.name + ".partial")}) {
            const auto bytes = fs::file_size(part, error);
            here += error ? 0 : bytes;
        }
    }
    if (auto room = check_room(draft(), tally.total - std::min(here, tally.total)); !room) {
        return room;
    }
    for (RemoteFile& file : files_) {
        auto fetched = FilePull(order_, file, draft() / file.name, tally, channel_).run();
        if (!fetched) {
            return std::unexpected(fetched.error());
        }
        file = *std::move(fetched);
        tally.before += file.bytes;
    }
    return {};
}

/// The first part last: while some are missing, the model is not seen.
Result<void> Puller::move_in() {
    const std::uint64_t bytes = pulled(false).bytes;
    channel_.progress("checking " + name_, bytes, bytes, true);
    if (auto model = gguf::check_model_file(draft() / files_.front().name); !model) {
        std::error_code ignored;
        fs::remove_all(draft(), ignored);
        return fail(model.error().code, order_.source +
                                            " brought no model that can be used, and it "
                                            "was deleted: " +
                                            model.error().message);
    }
    for (auto file = files_.rbegin(); file != files_.rend(); ++file) {
        const fs::path from = draft() / file->name;
        if (::rename(from.c_str(), target(*file).c_str()) != 0) {
            return fail_system(ErrorCode::internal,
                               "cannot move " + from.string() + " to " + order_.folder.string(),
                               errno);
        }
    }
    write_record(record_file(), {.source = order_.source, .files = files_});
    std::error_code ignored;
    fs::remove_all(draft(), ignored);
    return {};
}

Pulled Puller::pulled(bool already) const {
    Pulled out{.name = name_, .path = target(files_.front()), .already = already};
    for (const RemoteFile& file : files_) {
        out.bytes += file.bytes;
    }
    out.sha256 = files_.size() == 1 ? files_.front().sha256 : std::string();
    return out;
}

Result<Pulled> Puller::run() {
    if (auto found = find(); !found) {
        return std::unexpected(found.error());
    }
    std::error_code error;
    fs::create_directories(draft(), error);
    const auto lock =
        error ? Result<std::optional<UniqueFd>>(fail_system(
                    ErrorCode::internal, "cannot create " + draft().string(), error.value()))
              : try_lock(order_.work / (name_ + ".lock"));
    if (!lock || !*lock) {
        return !lock ? std::unexpected(lock.error())
                     : fail(ErrorCode::conflict, "another pull of a model called " + name_ +
                                                     " is under way; wait for it, or choose "
                                                     "another name with --name");
    }
    const auto there = is_there();
    if (!there) {
        return std::unexpected(there.error());
    }
    if (*there) {
        fs::remove_all(draft(), error);
        return pulled(true);
    }
    auto done = fetch();
    if (done) {
        done = move_in();
    }
    return done ? Result<Pulled>(pulled(false)) : std::unexpected(done.error());
}

}  // namespace

Result<Pulled> pull_model(const Order& order, Channel& channel) {
    return Puller(order, channel).run();
}

}  // namespace threadrunner::pull
