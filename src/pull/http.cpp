#include "pull/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <type_traits>

#include "base/limits.h"
#include "base/number.h"
#include "base/text.h"
#include "base/sha256.h"

namespace threadrunner::pull {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using Multi = std::unique_ptr<CURLM, FreeMulti>;
using List = std::unique_ptr<curl_slist, FreeList>;

/// `"abc"` without its quotes.
std::string_view unquoted(std::string_view text) {
    return text.size() >= 2 && text.starts_with('"') && text.ends_with('"')
               ? text.substr(1, text.size() - 2)
               : text;
}

/// Seconds, or a date; RFC 9110, 10.2.3.
std::optional<std::chrono::seconds> retry_after_from(std::string_view text) {
    if (const auto seconds = number_from<std::uint32_t>(text)) {
        return std::chrono::seconds(*seconds);
    }
    const std::time_t at = curl_getdate(std::string(text).c_str(), nullptr);
    if (at < 0) {
        return std::nullopt;
    }
    return std::chrono::seconds(std::max<std::time_t>(0, at - std::time(nullptr)));
}

/// One transfer: what curl calls back with.
class Transfer {
public:
    Transfer(const HttpRequest& request, HttpSink& sink) : request_(request), sink_(sink) {}

    [[nodiscard]] Result<HttpResult> run(Channel& channel);

private:
    static std::size_t on_header(char* bytes, std::size_t, std::size_t size, void* self) {
        static_cast<Transfer*>(self)->take_header({bytes, size});
        return size;
    }
    static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* self) {
        return static_cast<Transfer*>(self)->take_body({bytes, size}) ? size : 0;
    }

    void configure(CURL* easy);
    void take_header(std::string_view line);
    void take_range(std::string_view value);
    [[nodiscard]] bool take_body(std::string_view bytes);
    [[nodiscard]] HttpResult finish(CURLcode code);

    const HttpRequest& request_;
    HttpSink& sink_;
    List headers_;
    HttpResult result_;
    std::string etag_;
    std::string modified_;
    bool begun_ = false;
    std::optional<Error> error_;  ///< of the sink
    Clock::time_point heard_ = Clock::now();
    std::array<char, CURL_ERROR_SIZE> fault_{};
};

void Transfer::configure(CURL* easy) {
    const bool is_https = request_.url.starts_with("https://");
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "threadrunner-pull");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, limits::pull_redirects_max);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, is_https ? "https" : "http,https");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect.count()));
    curl_easy_setopt(easy, CURLOPT_NOBODY, request_.head ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fault_.data());
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    if (request_.limit_bytes > 0) {
        // curl looks at the clock after a hundred buffers
        constexpr std::int64_t buffer_max = 16 * static_cast<std::int64_t>(limits::kib);
        const auto buffer = std::clamp<std::int64_t>(request_.limit_bytes / 400, 1024, buffer_max);
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, static_cast<long>(buffer));
        curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE,
                         static_cast<curl_off_t>(request_.limit_bytes));
    }
    if (!request_.token.empty()) {
        // curl keeps it from every other host that a redirect leads to
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, request_.token.c_str());
    }
    if (request_.from > 0) {
        curl_easy_setopt(easy, CURLOPT_RANGE, (std::to_string(request_.from) + "-").c_str());
        if (!request_.if_range.empty()) {
            headers_.reset(curl_slist_append(nullptr, ("If-Range: " + request_.if_range).c_str()));
            curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
        }
    }
}

void Transfer::take_header(std::string_view line) {
    heard_ = Clock::now();
    if (line.starts_with("HTTP/")) {
        // another answer: of a redirect's target. What the link said of the file stays true.
        const std::string linked = result_.head.linked_sha256;
        result_.head = {.linked_sha256 = linked};
        etag_.clear();
        modified_.clear();
        const std::size_t blank = line.find(' ');
        result_.head.status =
            number_from<long>(line.substr(std::min(blank + 1, line.size())).substr(0, 3))
                .value_or(0);
        return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
        return;
    }
    const std::string name = small_letters(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1), " \t\r\n");
    if (name == "content-length") {
        result_.head.length = number_from<std::uint64_t>(value);
    } else if (name == "content-range") {
        take_range(value);
    } else if (name == "etag" && value.starts_with('"')) {
        etag_ = value;
    } else if (name == "last-modified") {
        modified_ = value;
    } else if (name == "retry-after") {
        result_.head.retry_after = retry_after_from(value);
    } else if (name == "x-linked-etag") {
        result_.head.linked_sha256 = sha256_from(unquoted(value));
    }
}

/// "bytes 5-9/10", "bytes */10"; RFC 9110, 14.4.
void Transfer::take_range(std::string_view value) {
    if (!value.starts_with("bytes ")) {
        return;
    }
    value.remove_prefix(6);
    const std::size_t slash = std::min(value.find('/'), value.size());
    const std::string_view range = value.substr(0, slash);
    result_.head.start = number_from<std::uint64_t>(range.substr(0, range.find('-')));
    result_.head.total =
        number_from<std::uint64_t>(value.substr(std::min(slash + 1, value.size())));
}

bool Transfer::take_body(std::string_view bytes) {
    heard_ = Clock::now();
    HttpHead& head = result_.head;
    if (head.status != 200 && head.status != 206) {
        return true;  // a page for people
    }
    Result<void> taken;
    if (!begun_) {
        begun_ = true;
        head.validator = etag_.empty() ? modified_ : etag_;
        if (head.status == 200) {
            head.total = head.length;
        }
        taken = sink_.begin(head);
    }
    if (taken) {
        taken = sink_.take(bytes);
    }
    if (!taken) {
        error_ = taken.error();
    }
    return static_cast<bool>(taken);
}

HttpResult Transfer::finish(CURLcode code) {
    HttpHead& head = result_.head;
    head.validator = etag_.empty() ? modified_ : etag_;
    if (head.status == 200) {
        head.total = head.length;
    }
    if (code != CURLE_OK) {
        result_.fault = fault_[0] == '\0' ? curl_easy_strerror(code) : fault_.data();
        constexpr std::array hopeless = {CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL,
                                         CURLE_TOO_MANY_REDIRECTS, CURLE_PEER_FAILED_VERIFICATION,
                                         CURLE_SSL_CACERT_BADFILE};
        result_.hopeless = std::ranges::find(hopeless, code) != hopeless.end();
    }
    return std::move(result_);
}

Result<HttpResult> Transfer::run(Channel& channel) {
    const Multi multi(curl_multi_init());
    const Easy easy(curl_easy_init());
    configure(easy.get());
    curl_multi_add_handle(multi.get(), easy.get());
    std::optional<CURLcode> code;
    std::string stalled;
    while (!code && stalled.empty()) {
        int running = 0;
        curl_multi_perform(multi.get(), &running);
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
            code = message->msg == CURLMSG_DONE ? std::optional(message->data.result) : code;
        }
        if (auto wanted = channel.pump(); !wanted) {
            error_ = wanted.error();
            break;
        }
        const bool connected = result_.head.status != 0;
        if (Clock::now() - heard_ > request_.stall + (connected ? 0ms : request_.connect)) {
            stalled = "nothing came for " + format_duration(request_.stall);
        }
        if (!code) {
            curl_waitfd word{.fd = channel.fd(), .events = CURL_WAIT_POLLIN, .revents = 0};
            curl_multi_poll(multi.get(), &word, 1,
                            static_cast<int>(limits::pull_poll_every.count()), nullptr);
        }
    }
    curl_multi_remove_handle(multi.get(), easy.get());
    if (error_) {
        return std::unexpected(*error_);
    }
    HttpResult out = finish(code.value_or(CURLE_OPERATION_TIMEDOUT));
    if (!stalled.empty()) {
        out.fault = stalled;
    }
    return out;
}

}  // namespace

Result<HttpResult> http_get(const HttpRequest& request, HttpSink& sink, Channel& channel) {
    return Transfer(request, sink).run(channel);
}

}  // namespace threadrunner::pull
