#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "pull/channel.h"
#include "pull/http.h"
#include "pull/journal.h"
#include "pull/order.h"
#include "base/sha256.h"

namespace threadrunner::pull {

/// How far a pull of several files is.
struct Tally {
    std::uint64_t before = 0;  ///< bytes of the files that are there
    std::uint64_t total = 0;   ///< of all; 0: not known
};

/// Fetches one file: into NAME.partial, with NAME.json as its journal, then renamed. What came
/// before is kept over restarts, unless the server has another file now.
class FilePull : private HttpSink {
public:
    FilePull(const Order& order, RemoteFile remote, std::filesystem::path file, Tally tally,
             Channel& channel);

    /// What is known of the file that is there now. Errors leave what came, unless it is wrong.
    [[nodiscard]] Result<RemoteFile> run();

private:
    [[nodiscard]] Result<void> begin(const HttpHead& head) override;
    [[nodiscard]] Result<void> take(std::string_view bytes) override;

    [[nodiscard]] Result<void> open();
    [[nodiscard]] Result<void> resume(const Journal& journal);
    [[nodiscard]] Result<void> start_anew();
    [[nodiscard]] Result<void> fetch();
    [[nodiscard]] HttpRequest request() const;
    [[nodiscard]] bool whole(const HttpResult& result) const;
    [[nodiscard]] Result<bool> verify();
    [[nodiscard]] Result<void> note();
    void tell(std::string_view stage, bool now = false);

    const Order& order_;
    RemoteFile remote_;
    std::filesystem::path file_;
    std::filesystem::path partial_;
    std::filesystem::path journal_file_;
    Tally tally_;
    Channel& channel_;
    UniqueFd fd_;
    Journal journal_;
    std::uint64_t done_ = 0;
    std::uint64_t most_ = 0;  ///< that there ever was: to have it again is no progress
    Sha256 hash_;
    bool resumed_ = false;  ///< some of it came before
    bool misfit_ = false;   ///< the range does not continue what is here
    std::chrono::steady_clock::time_point noted_{};
};

/// Whether so many bytes more fit on the file system of a folder, with some left for others.
[[nodiscard]] Result<void> check_room(const std::filesystem::path& folder, std::uint64_t bytes);

}  // namespace threadrunner::pull
