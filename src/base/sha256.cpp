#include "base/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <span>

#include "base/hex.h"
#include "base/text.h"

namespace threadrunner {

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string Sha256::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    return hex(std::span(digest).first(size));
}

std::string sha256_from(std::string_view text) {
    constexpr std::size_t digits = 64;
    return text.size() == digits && is_hex(text) ? small_letters(text) : std::string();
}

}  // namespace threadrunner
