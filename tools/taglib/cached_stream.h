#pragma once

#include <tiostream.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace threadrunner::taglib {

/// A file for TagLib, which seeks about and reads a few bytes at a time: a hundred times in the
/// boxes of one M4A. In a sandbox each call of the system is dear, so this one reads blocks of
/// 16 KiB and keeps the last eight. Writing passes them by.
///
/// TagLib's streams report no errors: the first one is kept here, and who saves asks for it.
class CachedStream : public TagLib::IOStream {
public:
    enum class Access : std::uint8_t { read, write };

    /// Takes an open file. `name` is what TagLib may take an ending from.
    CachedStream(UniqueFd file, std::string name, TagLib::offset_t length, Access access);
    ~CachedStream() override;

    /// errno of the first call that failed, else 0.
    [[nodiscard]] int error() const { return error_; }
    [[nodiscard]] int descriptor() const { return file_.get(); }

    [[nodiscard]] TagLib::FileName name() const override { return name_.c_str(); }
    [[nodiscard]] TagLib::ByteVector readBlock(std::size_t length) override;
    void writeBlock(const TagLib::ByteVector& data) override;
    void insert(const TagLib::ByteVector& data, TagLib::offset_t start,
                std::size_t replace) override;
    void removeBlock(TagLib::offset_t start, std::size_t length) override;
    [[nodiscard]] bool readOnly() const override { return access_ == Access::read; }
    [[nodiscard]] bool isOpen() const override { return static_cast<bool>(file_); }
    void seek(TagLib::offset_t offset, Position from) override;
    [[nodiscard]] TagLib::offset_t tell() const override { return position_; }
    [[nodiscard]] TagLib::offset_t length() override { return length_; }
    void truncate(TagLib::offset_t length) override;

private:
    static constexpr std::size_t block_bytes = std::size_t{16} * 1024;
    static constexpr std::size_t blocks_max = 8;

    struct Block {
        TagLib::offset_t number = -1;  ///< the file's how manieth; -1: none
        std::uint64_t used = 0;        ///< when last, by clock_
        std::size_t size = 0;          ///< fewer than a whole one at the end of the file
        std::vector<char> bytes;
    };

    [[nodiscard]] const Block& block(TagLib::offset_t number);
    [[nodiscard]] std::size_t read_at(TagLib::offset_t at, char* bytes, std::size_t size);
    bool write_at(TagLib::offset_t at, const char* bytes, std::size_t size);
    void move_rest(TagLib::offset_t from, TagLib::offset_t to);
    void forget_blocks();

    UniqueFd file_;
    std::string name_;
    TagLib::offset_t length_;
    Access access_;
    TagLib::offset_t position_ = 0;
    int error_ = 0;
    std::uint64_t clock_ = 0;
    std::array<Block, blocks_max> blocks_;
};

}  // namespace threadrunner::taglib
