#include "taglib/cached_stream.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace threadrunner::taglib {

using TagLib::ByteVector;
using TagLib::offset_t;

namespace {

/// What moves at once when a tag grows or shrinks in front of the audio.
constexpr std::size_t moved_bytes = std::size_t{1024} * 1024;

}  // namespace

CachedStream::CachedStream(UniqueFd file, std::string name, offset_t length, Access access)
    : file_(std::move(file)), name_(std::move(name)), length_(length), access_(access) {}

CachedStream::~CachedStream() = default;

ByteVector CachedStream::readBlock(std::size_t length) {
    if (position_ >= length_) {
        return {};
    }
    const auto left = static_cast<std::uint64_t>(length_ - position_);
    const auto wanted = static_cast<unsigned>(std::min<std::uint64_t>(length, left));
    ByteVector bytes(wanted, 0);
    std::size_t done = 0;
    while (done < wanted) {
        const Block& from = block(position_ / offset_t{block_bytes});
        const auto offset = static_cast<std::size_t>(position_ % offset_t{block_bytes});
        if (offset >= from.size) {
            break;
        }
        const std::size_t count = std::min(from.size - offset, wanted - done);
        std::memcpy(bytes.data() + done, from.bytes.data() + offset, count);
        done += count;
        position_ += static_cast<offset_t>(count);
    }
    bytes.resize(static_cast<unsigned>(done));
    return bytes;
}

void CachedStream::writeBlock(const ByteVector& data) {
    if (write_at(position_, data.data(), data.size())) {
        position_ += data.size();
    }
}

void CachedStream::insert(const ByteVector& data, offset_t start, std::size_t replace) {
    const offset_t end = std::min(start + static_cast<offset_t>(replace), length_);
    move_rest(end, start + data.size());
    position_ = start;
    writeBlock(data);
}

void CachedStream::removeBlock(offset_t start, std::size_t length) {
    move_rest(std::min(start + static_cast<offset_t>(length), length_), start);
}

void CachedStream::seek(offset_t offset, Position from) {
    const offset_t base = from == Beginning ? 0 : from == Current ? position_ : length_;
    position_ = std::max<offset_t>(base + offset, 0);
}

void CachedStream::truncate(offset_t length) {
    if (error_ != 0) {
        return;
    }
    if (::ftruncate(file_.get(), length) != 0) {
        error_ = errno;
        return;
    }
    length_ = length;
    forget_blocks();
}

const CachedStream::Block& CachedStream::block(offset_t number) {
    ++clock_;
    const auto found = std::ranges::find(blocks_, number, &Block::number);
    if (found != blocks_.end()) {
        found->used = clock_;
        return *found;
    }
    Block& oldest = *std::ranges::min_element(blocks_, {}, &Block::used);
    oldest.bytes.resize(block_bytes);
    oldest.number = number;
    oldest.used = clock_;
    oldest.size = read_at(number * offset_t{block_bytes}, oldest.bytes.data(), block_bytes);
    return oldest;
}

std::size_t CachedStream::read_at(offset_t at, char* bytes, std::size_t size) {
    // a host may give less than was asked for, so what a file has is counted
    const auto left = static_cast<std::uint64_t>(std::max<offset_t>(length_ - at, 0));
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, left));
    std::size_t done = 0;
    while (done < wanted) {
        const ssize_t count =
            ::pread(file_.get(), bytes + done, wanted - done, at + static_cast<offset_t>(done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && error_ == 0) {
            error_ = errno;
        }
        if (count <= 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    return done;
}

bool CachedStream::write_at(offset_t at, const char* bytes, std::size_t size) {
    std::size_t done = 0;
    while (done < size && error_ == 0) {
        const ssize_t count =
            ::pwrite(file_.get(), bytes + done, size - done, at + static_cast<offset_t>(done));
        if (count > 0) {
            done += static_cast<std::size_t>(count);
        } else if (count == 0 || errno != EINTR) {
            error_ = count == 0 ? EIO : errno;
        }
    }
    length_ = std::max(length_, at + static_cast<offset_t>(done));
    forget_blocks();
    return error_ == 0;
}

/// Moves all from `from` to the end of the file so that it begins at `to`, and ends the file behind
/// it. Towards the end it begins with the last piece, else with the first, so that nothing is
/// written over that has yet to move.
void CachedStream::move_rest(offset_t from, offset_t to) {
    if (from == to || error_ != 0) {
        return;
    }
    const offset_t total = length_ - from;
    std::vector<char> piece(
        static_cast<std::size_t>(std::min<offset_t>(total, static_cast<offset_t>(moved_bytes))));
    for (offset_t moved = 0; moved < total && error_ == 0;) {
        const auto count = std::min<offset_t>(total - moved, static_cast<offset_t>(piece.size()));
        const offset_t offset = to > from ? total - moved - count : moved;
        if (read_at(from + offset, piece.data(), static_cast<std::size_t>(count)) !=
            static_cast<std::size_t>(count)) {
            error_ = error_ == 0 ? EIO : error_;
            return;
        }
        (void)write_at(to + offset, piece.data(), static_cast<std::size_t>(count));
        moved += count;
    }
    truncate(to + total);
}

void CachedStream::forget_blocks() {
    for (Block& each : blocks_) {
        each.number = -1;
        each.used = 0;
    }
}

}  // namespace threadrunner::taglib
