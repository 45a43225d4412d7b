#include "pull/repository.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/limits.h"
#include "base/percent_encoding.h"
#include "base/text.h"
#include "gguf/split_name.h"
#include "pull/http.h"
#include "pull/patience.h"
#include "base/sha256.h"
#include "wire/fields.h"

namespace threadrunner::pull {
namespace {

constexpr std::string_view usual_quantization = "Q4_K_M";

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// A model of a repository: its files, the parts of one in order.
using Models = std::map<std::string, std::vector<ListedFile>>;

/// By the path of the model, without -00001-of-00002 and .gguf.
Models models_of(const std::vector<ListedFile>& files) {
    Models out;
    for (const ListedFile& file : files) {
        const std::string name = file_name(file.path);
        if (!name.ends_with(".gguf")) {
            continue;
        }
        const std::string folder = file.path.substr(0, file.path.size() - name.size());
        const auto split = gguf::parse_split_name(name);
        out[folder + (split ? split->prefix : name.substr(0, name.size() - 5))].push_back(file);
    }
    for (auto& [name, parts] : out) {
        std::ranges::sort(parts, {}, &ListedFile::path);
    }
    return out;
}

/// "…-Q4_K_M" or "….q4_k_m": the last piece of a model's name.
bool has_quantization(const std::string& model, std::string_view quantization) {
    const std::string name = small_letters(model);
    const std::string wanted = small_letters(quantization);
    return name.ends_with(wanted) && name.size() > wanted.size() &&
           std::string_view("-._/").find(name[name.size() - wanted.size() - 1]) !=
               std::string_view::npos;
}

bool is_wanted(const std::string& model, const std::vector<ListedFile>& parts,
               const std::string& wanted) {
    return std::ranges::any_of(parts,
                               [&](const ListedFile& part) {
                                   return part.path == wanted || file_name(part.path) == wanted;
                               }) ||
           model == wanted || file_name(model) == wanted || has_quantization(model, wanted);
}

std::string list_of(const Models& models) {
    constexpr std::size_t shown_max = 20;
    std::string out;
    std::size_t shown = 0;
    for (const auto& [name, parts] : models) {
        if (++shown > shown_max) {
            return out + " and " + std::to_string(models.size() - shown_max) + " more";
        }
        std::uint64_t bytes = 0;
        for (const ListedFile& part : parts) {
            bytes += part.bytes;
        }
        out += (out.empty() ? "" : ", ") + name + " (" + format_bytes(bytes) + ")";
    }
    return out;
}

/// Projectors for images lie beside models, but are none.
bool is_projector(const std::string& model) {
    return small_letters(file_name(model)).starts_with("mmproj");
}

Result<ListedFile> read_file(const wire::Json& entry) {
    wire::Fields fields(entry, "a file of the listing");
    ListedFile file{.path = fields.required(fields.text("path"), "path"),
                    .bytes = static_cast<std::uint64_t>(fields.integer("size", 0).value_or(0))};
    const wire::Json lfs = fields.value("lfs");
    if (lfs.is_object()) {
        wire::Fields inner(lfs, "lfs");
        file.sha256 = sha256_from(inner.text("oid").value_or(""));
        file.bytes = static_cast<std::uint64_t>(
            inner.integer("size", 0).value_or(static_cast<std::int64_t>(file.bytes)));
    }
    if (auto checked = fields.check(); !checked) {
        return std::unexpected(checked.error());
    }
    return file;
}

/// Keeps an answer in memory.
class Page : public HttpSink {
public:
    Result<void> begin(const HttpHead&) override {
        text_.clear();
        return {};
    }
    Result<void> take(std::string_view bytes) override {
        if (text_.size() + bytes.size() > limits::pull_listing_bytes_max) {
            return fail(ErrorCode::too_large, "the listing has more than " +
                                                  format_bytes(limits::pull_listing_bytes_max) +
                                                  "; name the file: hf:OWNER/NAME:FILE.gguf");
        }
        text_ += bytes;
        return {};
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

}  // namespace

std::string listing_url(const Order& order) {
    return order.endpoint + "/api/models/" + percent_encoded(order.repository) +
           "/tree/main?recursive=true";
}

std::string file_url(const Order& order, std::string_view path) {
    return order.endpoint + "/" + percent_encoded(order.repository) + "/resolve/main/" +
           percent_encoded(path);
}

Result<std::vector<ListedFile>> read_listing(std::string_view json) {
    const auto document = wire::decode_json(json);
    if (!document || !document->is_array()) {
        return fail(ErrorCode::invalid_request,
                    "the server's listing is no list of files; is the endpoint that of a model "
                    "hub?");
    }
    std::vector<ListedFile> out;
    for (const wire::Json& entry : *document) {
        const auto type = entry.is_object() ? entry.find("type") : entry.end();
        if (!entry.is_object() || (type != entry.end() && *type != "file")) {
            continue;
        }
        auto file = read_file(entry);
        if (!file) {
            return std::unexpected(file.error());
        }
        out.push_back(*std::move(file));
    }
    return out;
}

Result<std::vector<ListedFile>> choose_files(const std::vector<ListedFile>& files,
                                             const std::string& wanted,
                                             const std::string& repository) {
    const Models all = models_of(files);
    Models fits;
    for (const auto& [name, parts] : all) {
        if (wanted.empty() ? !is_projector(name) : is_wanted(name, parts, wanted)) {
            fits.emplace(name, parts);
        }
    }
    if (fits.size() > 1) {
        Models usual;
        for (const auto& [name, parts] : fits) {
            if (wanted.empty() ? has_quantization(name, usual_quantization) : !is_projector(name)) {
                usual.emplace(name, parts);
            }
        }
        fits = usual.size() == 1 ? usual : fits;
    }
    if (fits.size() == 1) {
        return fits.begin()->second;
    }
    if (all.empty()) {
        return fail(
            ErrorCode::not_found,
            repository + " has no GGUF files; look for a repository with -GGUF in its name");
    }
    return fail(ErrorCode::not_found,
                (wanted.empty() ? repository + " has several models"
                                : std::string(fits.empty() ? "none" : "several") + " of " +
                                      repository + " is called " + wanted) +
                    "; name one: hf:" + repository +
                    ":NAME. There are: " + list_of(fits.empty() ? all : fits));
}

Result<std::vector<RemoteFile>> find_files(const Order& order, Channel& channel) {
    channel.progress("looking", 0, 0, true);
    const std::string url = listing_url(order);
    Patience patience(order, channel, order.repository);
    Page page;
    for (;;) {
        const auto result = http_get(
            {.url = url, .token = order.token, .connect = order.connect, .stall = order.stall},
            page, channel);
        if (!result) {
            return std::unexpected(result.error());
        }
        if (result->fault.empty() && result->head.status == 200) {
            break;
        }
        if (auto again = patience.another(*result, false); !again) {
            return std::unexpected(again.error());
        }
    }
    const auto files = read_listing(page.text());
    if (!files) {
        return std::unexpected(files.error());
    }
    const auto chosen = choose_files(*files, order.file, order.repository);
    if (!chosen) {
        return std::unexpected(chosen.error());
    }
    std::vector<RemoteFile> out;
    for (const ListedFile& file : *chosen) {
        out.push_back({.url = file_url(order, file.path),
                       .token = order.token,
                       .name = file_name(file.path),
                       .bytes = file.bytes,
                       .sha256 = file.sha256});
    }
    return out;
}

}  // namespace threadrunner::pull
