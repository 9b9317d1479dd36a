#pragma once
// The codec of the SBE messages of archive and cluster (ARC-1 of chapter 40, CLF-1 of chapter 50).
//
// A message is a plain struct that lists its fields once more, in the order of the wire:
//
//     struct RecordingStarted {
//         static constexpr Template kId{kArchiveSchema, 101};
//         std::int64_t recording_id = kNullInt64;
//         std::string_view channel{};
//         static constexpr void fields(auto& m, auto& visit) {
//             visit("recordingId", m.recording_id);
//             visit.data("channel", m.channel);
//         }
//     };
//
//   encoded_length(message)      bytes on the wire, with the message header
//   encode(into, message)        the length written, or 0 when `into` is too short
//   decode<Message>(bytes)       the message, or why the bytes are none
//   MessageHeader::read(bytes)   to find out which message it is:
//
//     switch (header->template_id) {
//         case RecordingStarted::kId: return on_recording_started(decode<RecordingStarted>(bytes));
//
// The initial value of a field is its null: what the decoder returns for a field that is newer than
// the message, and what the encoder writes when it was not set. Texts, bytes and groups of a
// decoded message point into the buffer that it was decoded from. Bytes behind a message are
// ignored, as are fields, and var data at its end, that a newer writer added.
//
// Everything is inline and allocates nothing. Thread safety: none needed; nothing keeps state.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "tern/base/assert.hpp"
#include "tern/base/bytes.hpp"
#include "tern/wire/malformed.hpp"

namespace tern::wire {

inline constexpr std::int64_t kNullInt64 = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int32_t kNullInt32 = std::numeric_limits<std::int32_t>::min();
inline constexpr std::uint8_t kNullUint8 = 255;
inline constexpr std::int8_t kNullInt8 = -128;

/// Enumerations are int32 with the values 0 .. enum_count(E{}) - 1, and null.
enum class BooleanType : std::int32_t { no = 0, yes = 1, null = kNullInt32 };
[[nodiscard]] constexpr std::int32_t enum_count(BooleanType) noexcept { return 2; }
[[nodiscard]] constexpr std::string_view to_string(BooleanType value) noexcept {
    if (value == BooleanType::null) return "NULL_VAL";
    return value == BooleanType::yes ? "TRUE" : "FALSE";
}
[[nodiscard]] constexpr BooleanType boolean_type(bool value) noexcept {
    return value ? BooleanType::yes : BooleanType::no;
}
[[nodiscard]] constexpr bool is_true(BooleanType value) noexcept {
    return value == BooleanType::yes;
}

struct Schema {
    std::uint16_t id;
    std::uint16_t version;           ///< written into every message
    std::uint16_t header_length{8};  ///< 16: the frame's length and padding follow the first 8
};

/// Which message of which schema; usable as the label of a `case`.
struct Template {
    Schema schema;
    std::uint16_t id;
    constexpr operator std::uint16_t() const noexcept { return id; }
};

struct MessageHeader {
    static constexpr std::size_t kLength = 8;
    std::uint16_t block_length;
    std::uint16_t template_id;
    std::uint16_t schema_id;
    std::uint16_t version;

    /// The first 8 bytes of a message of any schema.
    [[nodiscard]] static Decoded<MessageHeader> read(ConstBytes message) noexcept {
        if (message.size() < kLength) return std::unexpected(Malformed::too_short);
        return load<MessageHeader>(message.data());
    }
};
static_assert(sizeof(MessageHeader) == MessageHeader::kLength);

template <typename Entry>
class Group;

namespace sbe {

inline constexpr std::size_t kDataLengthField = 4;
inline constexpr std::size_t kGroupHeaderLength = 4;

struct BlockLength {
    std::size_t offset = 0;
    template <typename Field>
    constexpr void operator()(std::string_view, const Field&, std::uint16_t = 0) noexcept {
        offset += sizeof(Field);
    }
    constexpr void at(std::size_t next) noexcept { offset = next; }
    constexpr void data(std::string_view, const auto&, std::uint16_t = 0) noexcept {}
    constexpr void group(std::string_view, const auto&) noexcept {}
};

/// Length of the fixed block of a message or group entry.
template <typename Message>
[[nodiscard]] consteval std::uint16_t block_length() {
    const Message message{};
    BlockLength length;
    Message::fields(message, length);
    return static_cast<std::uint16_t>(length.offset);
}

/// Adds up what follows the fixed block.
struct TailLength {
    std::size_t length = 0;
    template <typename Field>
    constexpr void operator()(std::string_view, const Field&, std::uint16_t = 0) noexcept {}
    constexpr void at(std::size_t) noexcept {}
    constexpr void data(std::string_view, const auto& value, std::uint16_t = 0) noexcept {
        length += kDataLengthField + value.size();
    }
    template <typename Entry>
    constexpr void group(std::string_view, const Group<Entry>& entries) noexcept {
        length += kGroupHeaderLength;
        for (const Entry& entry : entries) {
            length += block_length<Entry>();
            Entry::fields(entry, *this);
        }
    }
};

class Writer {
  public:
    /// Starts a block at `to`; what follows the block is written behind it.
    Writer(std::byte* to, std::size_t block_length) noexcept
        : block_(to), tail_(to + block_length) {}

    template <typename Field>
    void operator()(std::string_view, const Field& value, std::uint16_t = 0) noexcept {
        store(block_ + offset_, value);
        offset_ += sizeof(Field);
    }

    void at(std::size_t next) noexcept {
        std::memset(block_ + offset_, 0, next - offset_);
        offset_ = next;
    }

    void data(std::string_view, ConstBytes value, std::uint16_t = 0) noexcept {
        store(tail_, static_cast<std::uint32_t>(value.size()));
        tail_ += kDataLengthField;
        if (!value.empty()) std::memcpy(tail_, value.data(), value.size());
        tail_ += value.size();
    }

    void data(std::string_view, std::string_view text, std::uint16_t = 0) noexcept {
        store(tail_, static_cast<std::uint32_t>(text.size()));
        tail_ += kDataLengthField;
        for (const char c : text) {
            *tail_++ =
                static_cast<unsigned char>(c) < 128 ? static_cast<std::byte>(c) : std::byte{'?'};
        }
    }

    template <typename Entry>
    void group(std::string_view, const Group<Entry>& entries) noexcept {
        store(tail_, block_length<Entry>());
        store(tail_ + 2, static_cast<std::uint16_t>(entries.size()));
        tail_ += kGroupHeaderLength;
        for (const Entry& entry : entries) {
            Writer writer(tail_, block_length<Entry>());
            Entry::fields(entry, writer);
            tail_ = writer.tail_;
        }
    }

  private:
    std::byte* block_;
    std::byte* tail_;
    std::size_t offset_ = 0;
};

class Reader {
  public:
    /// `body` begins with a block of `block_length` bytes, of which it is checked to have enough.
    Reader(ConstBytes body, std::size_t block_length, std::uint16_t version) noexcept
        : body_(body), block_length_(block_length), tail_(block_length), version_(version) {
        if (block_length > body.size()) {
            failure_ = Malformed::too_short;
            failed_ = true;
            block_length_ = 0;
            tail_ = body.size();
        }
    }

    template <typename Field>
    void operator()(std::string_view, Field& field, std::uint16_t since = 0) noexcept {
        const std::size_t begin = offset_;
        offset_ += sizeof(Field);
        if (since > version_) return;
        if (offset_ > block_length_) return fail(Malformed::too_short);
        field = load<Field>(body_.data() + begin);
        if constexpr (std::is_enum_v<Field>) {
            const auto value = static_cast<std::int32_t>(field);
            if (field != Field::null && (value < 0 || value >= enum_count(Field{}))) {
                fail(Malformed::unknown_enum_value);
            }
        }
    }

    void at(std::size_t next) noexcept { offset_ = next; }

    void data(std::string_view, ConstBytes& value, std::uint16_t since = 0) noexcept {
        if (since > version_) return;
        if (body_.size() - tail_ < kDataLengthField) return fail(Malformed::too_short);
        const auto length = load<std::uint32_t>(body_.data() + tail_);
        if (length > body_.size() - tail_ - kDataLengthField) return fail(Malformed::bad_length);
        value = body_.subspan(tail_ + kDataLengthField, length);
        tail_ += kDataLengthField + length;
    }

    void data(std::string_view name, std::string_view& text, std::uint16_t since = 0) noexcept {
        ConstBytes value;
        data(name, value, since);
        text = as_text(value);
    }

    template <typename Entry>
    void group(std::string_view, Group<Entry>& entries) noexcept {
        if (body_.size() - tail_ < kGroupHeaderLength) return fail(Malformed::too_short);
        const auto entry_length = load<std::uint16_t>(body_.data() + tail_);
        const auto count = load<std::uint16_t>(body_.data() + tail_ + 2);
        tail_ += kGroupHeaderLength;
        entries = Group<Entry>(body_.subspan(tail_), entry_length, count, version_);
        for (std::uint16_t i = 0; i < count && !failed_; ++i) {
            Entry entry{};
            Reader reader(body_.subspan(tail_), entry_length, version_);
            Entry::fields(entry, reader);
            if (reader.failed_) return fail(reader.failure_);
            tail_ += reader.tail_;
        }
    }

    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] Malformed failure() const noexcept { return failure_; }
    [[nodiscard]] std::size_t consumed() const noexcept { return tail_; }

  private:
    void fail(Malformed why) noexcept {
        if (!failed_) failure_ = why;
        failed_ = true;
    }

    ConstBytes body_;
    std::size_t block_length_;
    std::size_t tail_;  // where the next var data or group begins
    std::size_t offset_ = 0;
    std::uint16_t version_;
    Malformed failure_ = Malformed::too_short;
    bool failed_ = false;
};

}  // namespace sbe

/// The entries of a repeating group. To encode, refer to an array of entries (anything that is a
/// span of them) which lives until the message is encoded; decoded, entries are read from the
/// buffer, already checked, each time that one iterates. Iterators refer to the group.
template <typename Entry>
class Group {
  public:
    class Iterator {
      public:
        using value_type = Entry;
        using difference_type = std::ptrdiff_t;
        constexpr Iterator() = default;
        constexpr Iterator(const Group* group, std::size_t index) noexcept
            : group_(group), index_(index) {
            read();
        }
        constexpr const Entry& operator*() const noexcept { return entry_; }
        constexpr const Entry* operator->() const noexcept { return &entry_; }
        constexpr Iterator& operator++() noexcept {
            ++index_;
            read();
            return *this;
        }
        constexpr void operator++(int) noexcept { ++*this; }
        friend constexpr bool operator==(const Iterator& a, const Iterator& b) noexcept {
            return a.index_ == b.index_;
        }

      private:
        constexpr void read() noexcept {
            if (index_ >= group_->count_) return;
            if (group_->entries_ != nullptr) {
                entry_ = group_->entries_[index_];
                return;
            }
            sbe::Reader reader(group_->bytes_.subspan(offset_), group_->entry_length_,
                               group_->version_);
            entry_ = Entry{};
            Entry::fields(entry_, reader);
            offset_ += reader.consumed();
        }

        const Group* group_ = nullptr;
        std::size_t index_ = 0;
        std::size_t offset_ = 0;  // of the next entry
        Entry entry_{};
    };

    constexpr Group() = default;
    constexpr Group(ConstBytes bytes, std::uint16_t entry_length, std::uint16_t count,
                    std::uint16_t version) noexcept
        : bytes_(bytes), count_(count), entry_length_(entry_length), version_(version) {}
    template <typename Entries>
    requires(!std::is_same_v<Entries, Group> &&
             std::is_convertible_v<const Entries&,
                                   std::span<const Entry>>) constexpr Group(const Entries&
                                                                                entries) noexcept {
        const std::span<const Entry> span = entries;
        TERN_ASSERT(span.size() <= std::numeric_limits<std::uint16_t>::max(),
                    "a group has at most 65535 entries");
        entries_ = span.data();
        count_ = span.size();
    }

    [[nodiscard]] constexpr std::size_t size() const noexcept { return count_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] constexpr Iterator begin() const noexcept { return Iterator(this, 0); }
    [[nodiscard]] constexpr Iterator end() const noexcept { return Iterator(this, count_); }

  private:
    const Entry* entries_ = nullptr;  // to encode; else bytes_
    ConstBytes bytes_;
    std::size_t count_ = 0;
    std::uint16_t entry_length_ = 0;
    std::uint16_t version_ = 0;
};

/// Length of a message's fixed block with its header; of a message without var data and groups,
/// the whole length.
template <typename Message>
inline constexpr std::size_t kBlockEnd = Message::kId.schema.header_length +
                                         sbe::block_length<Message>();

template <typename Message>
[[nodiscard]] std::size_t encoded_length(const Message& message) noexcept {
    sbe::TailLength tail;
    Message::fields(message, tail);
    return kBlockEnd<Message> + tail.length;
}

/// Writes a message without its header, as the catalog keeps them; otherwise as encode().
template <typename Message>
[[nodiscard]] std::size_t encode_body(Bytes into, const Message& message) noexcept {
    const std::size_t length = encoded_length(message) - Message::kId.schema.header_length;
    if (length > into.size()) return 0;
    sbe::Writer writer(into.data(), sbe::block_length<Message>());
    Message::fields(message, writer);
    return length;
}

template <typename Message>
[[nodiscard]] std::size_t encode(Bytes into, const Message& message) noexcept {
    constexpr Template kId = Message::kId;
    const std::size_t length = encoded_length(message);
    if (length > into.size()) return 0;
    store(into.data(), MessageHeader{.block_length = sbe::block_length<Message>(),
                                     .template_id = kId.id,
                                     .schema_id = kId.schema.id,
                                     .version = kId.schema.version});
    if constexpr (kId.schema.header_length > MessageHeader::kLength) {
        store(into.data() + MessageHeader::kLength, static_cast<std::int64_t>(length));
    }
    sbe::Writer writer(into.data() + kId.schema.header_length, sbe::block_length<Message>());
    Message::fields(message, writer);
    return length;
}

/// Reads a message from the bytes after its header.
template <typename Message>
[[nodiscard]] Decoded<Message> decode_body(
    ConstBytes body, std::size_t block_length = sbe::block_length<Message>(),
    std::uint16_t version = Message::kId.schema.version) noexcept {
    Message message{};
    sbe::Reader reader(body, block_length, version);
    Message::fields(message, reader);
    if (reader.failed()) return std::unexpected(reader.failure());
    return message;
}

template <typename Message>
[[nodiscard]] Decoded<Message> decode(ConstBytes bytes) noexcept {
    constexpr Template kId = Message::kId;
    if (bytes.size() < kId.schema.header_length) return std::unexpected(Malformed::too_short);
    const auto header = load<MessageHeader>(bytes.data());
    if (header.schema_id != kId.schema.id) return std::unexpected(Malformed::wrong_schema);
    if (header.template_id != kId.id) return std::unexpected(Malformed::wrong_template);
    if constexpr (kId.schema.header_length > MessageHeader::kLength) {
        const auto frame_length = load<std::int32_t>(bytes.data() + MessageHeader::kLength);
        if (frame_length < kId.schema.header_length ||
            static_cast<std::size_t>(frame_length) > bytes.size()) {
            return std::unexpected(Malformed::bad_length);
        }
        bytes = bytes.first(static_cast<std::size_t>(frame_length));
    }
    return decode_body<Message>(bytes.subspan(kId.schema.header_length), header.block_length,
                                header.version);
}

}  // namespace tern::wire
