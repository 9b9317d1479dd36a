#pragma once
// Writes and reads the records of commands.hpp and responses.hpp, field by field: fixed fields,
// and texts and bytes that an int32 length precedes.
//
// Thread safety: none.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/base/math.hpp"
#include "tern/wire/malformed.hpp"

namespace tern::wire {

inline constexpr std::size_t kTextLengthField = sizeof(std::int32_t);
inline constexpr std::size_t kTextAlignment = sizeof(std::int32_t);

/// Writes to a buffer that the caller has checked to be long enough.
class RecordWriter {
  public:
    explicit RecordWriter(std::byte* to) noexcept : at_(to), begin_(to) {}

    template <typename Field>
    RecordWriter& put(Field value) noexcept {
        store(at_, value);
        at_ += sizeof(Field);
        return *this;
    }

    RecordWriter& put_bytes(ConstBytes value) noexcept {
        put(static_cast<std::int32_t>(value.size()));
        if (!value.empty()) std::memcpy(at_, value.data(), value.size());
        at_ += value.size();
        return *this;
    }

    /// Characters that are not ASCII become '?'.
    RecordWriter& put_text(std::string_view text) noexcept {
        put(static_cast<std::int32_t>(text.size()));
        for (const char c : text) {
            const auto byte = static_cast<std::byte>(c);
            *at_++ = byte < std::byte{128} ? byte : std::byte{'?'};
        }
        return *this;
    }

    /// Zeroes up to `length` from the beginning; nothing when that is already written.
    RecordWriter& fill_to(std::size_t length) noexcept {
        while (written() < length) *at_++ = std::byte{0};
        return *this;
    }

    RecordWriter& align() noexcept { return fill_to(align_up(written(), kTextAlignment)); }

    [[nodiscard]] std::size_t written() const noexcept {
        return static_cast<std::size_t>(at_ - begin_);
    }

  private:
    std::byte* at_;
    std::byte* begin_;
};

/// Reads; once it has failed, everything reads as nothing.
class RecordReader {
  public:
    explicit RecordReader(ConstBytes record) noexcept : record_(record) {}

    template <typename Field>
    [[nodiscard]] Field get() noexcept {
        if (failed_ || left() < sizeof(Field)) {
            fail(Malformed::too_short);
            return Field{};
        }
        const auto value = load<Field>(record_.data() + offset_);
        offset_ += sizeof(Field);
        return value;
    }

    [[nodiscard]] ConstBytes get_bytes() noexcept {
        const auto length = get<std::int32_t>();
        if (failed_) return {};
        if (length < 0 || static_cast<std::size_t>(length) > left()) {
            fail(Malformed::bad_length);
            return {};
        }
        const ConstBytes value = record_.subspan(offset_, static_cast<std::size_t>(length));
        offset_ += value.size();
        return value;
    }

    [[nodiscard]] std::string_view get_text() noexcept { return as_text(get_bytes()); }

    void align() noexcept { offset_ = std::min(align_up(offset_, kTextAlignment), record_.size()); }

    [[nodiscard]] std::size_t left() const noexcept { return record_.size() - offset_; }

    void fail(Malformed why) noexcept {
        if (!failed_) failure_ = why;
        failed_ = true;
    }

    /// The message, if all of it could be read.
    template <typename Message>
    [[nodiscard]] Decoded<Message> result(const Message& message) const noexcept {
        if (failed_) return std::unexpected(failure_);
        return message;
    }

  private:
    ConstBytes record_;
    std::size_t offset_ = 0;
    Malformed failure_ = Malformed::too_short;
    bool failed_ = false;
};

}  // namespace tern::wire
