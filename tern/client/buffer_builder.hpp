#pragma once
// Collects the fragments of one message (CLI-15.3). Keeps its memory from message to message.
//
// Thread safety: none.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/client/header.hpp"

namespace tern::client {

class BufferBuilder {
  public:
    /// No message of a stream is longer, so what would grow past it is not one.
    static constexpr std::size_t kMaxLength = logbuffer::kMaxMessageLength;
    static constexpr std::size_t kMinCapacity = 4096;

    /// Throws InvalidArgument when the capacity is above kMaxLength.
    explicit BufferBuilder(std::size_t initial_capacity = 0);

    /// Begins a message with its first fragment; what was there is forgotten.
    void begin(ConstBytes payload, const Header& header);
    /// Whether the fragment is the next one of the message under way.
    [[nodiscard]] bool follows(const Header& header) const noexcept {
        return next_term_offset_ == header.term_offset();
    }
    /// Appends the next fragment. False when the message would be longer than kMaxLength.
    [[nodiscard]] bool append(ConstBytes payload, const Header& header);
    /// Takes the last fragment back, so that it can be delivered again.
    void undo_last() noexcept;
    /// No message is under way.
    void reset() noexcept;

    [[nodiscard]] ConstBytes message() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.capacity(); }
    /// Gives memory back: what is left has room for the message under way, and at least
    /// kMinCapacity.
    void compact();
    /// Header of the whole message; `last` is that of its last fragment.
    [[nodiscard]] Header complete_header(const Header& last) noexcept;

  private:
    static constexpr std::int32_t kNone = -1;

    void grow_for(std::size_t length);

    std::vector<std::byte> bytes_;
    std::array<std::byte, wire::kDataHeaderLength> header_{};     // of the first fragment
    std::array<std::byte, wire::kDataHeaderLength> completed_{};  // of the whole message
    std::int32_t first_frame_length_ = 0;
    std::int32_t next_term_offset_ = kNone;
    std::size_t length_before_last_ = 0;
    std::int32_t offset_before_last_ = kNone;
};

}  // namespace tern::client
