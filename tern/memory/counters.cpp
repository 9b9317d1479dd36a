#include "tern/memory/counters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/base/math.hpp"

namespace tern::memory {

using namespace counter_layout;

namespace {

constexpr std::int64_t kNotFreed = INT64_MAX;

std::int32_t last_counter_id(ConstBytes metadata, ConstBytes values) {
    constexpr std::size_t kRatio = kCounterMetadataLength / kCounterValueLength;
    const bool aligned = reinterpret_cast<std::uintptr_t>(metadata.data()) % 8 == 0 &&
                         reinterpret_cast<std::uintptr_t>(values.data()) % 8 == 0;
    if (metadata.size() / kRatio < values.size() || !aligned || values.size() > INT32_MAX) {
        throw Error(fmt::format(
            "counters: metadata of {} bytes must be at least {} times the {} of the values",
            metadata.size(), kRatio, values.size()));
    }
    return static_cast<std::int32_t>(values.size() / kCounterValueLength) - 1;
}

/// Bytes of the label that another process has stored; never more than there are.
std::size_t label_length(const std::byte* record) noexcept {
    const auto length = load_acquire<std::int32_t>(record + kLabelLengthOffset);
    return std::clamp<std::size_t>(length < 0 ? 0 : static_cast<std::size_t>(length), 0,
                                   kMaxCounterLabelLength);
}

/// Writes the text at the place in the label, cut to what is left, and publishes the new length.
void write_label(std::byte* record, std::size_t place, std::string_view text) noexcept {
    const std::size_t length = std::min(text.size(), kMaxCounterLabelLength - place);
    if (length > 0) std::memcpy(record + kLabelOffset + place, text.data(), length);
    store_release(record + kLabelLengthOffset, static_cast<std::int32_t>(place + length));
}

void write_key(std::byte* record, ConstBytes key) noexcept {
    const std::size_t length = std::min(key.size(), kMaxCounterKeyLength);
    if (length > 0) std::memcpy(record + kKeyOffset, key.data(), length);
    std::memset(record + kKeyOffset + length, 0, kMaxCounterKeyLength - length);
}

std::byte* record_at(Bytes records, std::int32_t id, std::size_t record_length) noexcept {
    return records.data() + static_cast<std::size_t>(id) * record_length;
}

}  // namespace

CountersReader::CountersReader(ConstBytes metadata, ConstBytes values)
    : metadata_(metadata), values_(values), max_counter_id_(last_counter_id(metadata, values)) {}

const std::byte* CountersReader::metadata_at(std::int32_t id) const {
    TERN_ASSERT(contains(id), "a counter id of this buffer");
    return metadata_.data() + static_cast<std::size_t>(id) * kCounterMetadataLength;
}

const std::byte* CountersReader::value_at(std::int32_t id) const {
    TERN_ASSERT(contains(id), "a counter id of this buffer");
    return values_.data() + static_cast<std::size_t>(id) * kCounterValueLength;
}

CounterState CountersReader::state(std::int32_t id) const {
    return static_cast<CounterState>(load_acquire<std::int32_t>(metadata_at(id) + kStateOffset));
}

std::int32_t CountersReader::type_id(std::int32_t id) const {
    return load_relaxed<std::int32_t>(metadata_at(id) + kTypeIdOffset);
}

std::int64_t CountersReader::free_for_reuse_deadline_ms(std::int32_t id) const {
    return load_relaxed<std::int64_t>(metadata_at(id) + kDeadlineOffset);
}

ConstBytes CountersReader::key(std::int32_t id) const {
    return {metadata_at(id) + kKeyOffset, kMaxCounterKeyLength};
}

std::string CountersReader::label(std::int32_t id) const {
    const std::byte* const record = metadata_at(id);
    return std::string(as_text({record + kLabelOffset, label_length(record)}));
}

std::int64_t CountersReader::value(std::int32_t id) const {
    return load_acquire<std::int64_t>(value_at(id) + kValueOffset);
}

std::int64_t CountersReader::registration_id(std::int32_t id) const {
    return load_acquire<std::int64_t>(value_at(id) + kRegistrationIdOffset);
}

std::int64_t CountersReader::owner_id(std::int32_t id) const {
    return load_relaxed<std::int64_t>(value_at(id) + kOwnerIdOffset);
}

std::int64_t CountersReader::reference_id(std::int32_t id) const {
    return load_acquire<std::int64_t>(value_at(id) + kReferenceIdOffset);
}

template <typename Matches>
std::int32_t CountersReader::find_if(Matches&& matches) const {
    for (std::int32_t id = 0; id <= max_counter_id_; ++id) {
        const CounterState found = state(id);
        if (found == CounterState::unused) break;
        if (found == CounterState::allocated && matches(id)) return id;
    }
    return kNullCounterId;
}

std::int32_t CountersReader::find(std::int32_t type_id, std::int64_t registration_id) const {
    return find_if([&](std::int32_t id) {
        return this->type_id(id) == type_id && this->registration_id(id) == registration_id;
    });
}

std::int32_t CountersReader::find_by_registration_id(std::int64_t registration_id) const {
    return find_if([&](std::int32_t id) { return this->registration_id(id) == registration_id; });
}

CountersManager::CountersManager(Bytes metadata, Bytes values, const platform::Clock& clock,
                                 std::int64_t free_to_reuse_timeout_ns)
    : CountersReader(metadata, values),
      metadata_(metadata),
      values_(values),
      clock_(clock),
      free_to_reuse_timeout_ns_(free_to_reuse_timeout_ns) {}

std::int32_t CountersManager::take_id() {
    if (!freed_.empty() && clock_.nano_time() >= freed_.front().reuse_at_ns) {
        const std::int32_t id = freed_.front().id;
        freed_.pop_front();
        return id;
    }
    if (next_unused_id_ > max_counter_id()) {
        throw Error(fmt::format("unable to allocate counter, buffer is full: maxCounterId={}",
                                max_counter_id()));
    }
    return next_unused_id_++;
}

Counter CountersManager::allocate(const CounterSpec& spec) {
    const std::int32_t id = take_id();
    std::byte* const value = record_at(values_, id, kCounterValueLength);
    std::byte* const record = record_at(metadata_, id, kCounterMetadataLength);
    store_release(value + kRegistrationIdOffset, spec.registration_id);
    store_relaxed(value + kOwnerIdOffset, spec.owner_id);
    store_release(value + kReferenceIdOffset, spec.reference_id);
    store_release<std::int64_t>(value + kValueOffset, 0);
    store_relaxed(record + kTypeIdOffset, spec.type_id);
    store_relaxed(record + kDeadlineOffset, kNotFreed);
    write_key(record, spec.key);
    write_label(record, 0, spec.label);
    // All of the record is there before a reader sees it as allocated, its registration id too.
    store_release(record + kStateOffset, static_cast<std::int32_t>(CounterState::allocated));
    return counter(id);
}

bool CountersManager::free(std::int32_t id) {
    if (!contains(id) || state(id) != CounterState::allocated) return false;
    std::byte* const record = record_at(metadata_, id, kCounterMetadataLength);
    store_release(record + kStateOffset, static_cast<std::int32_t>(CounterState::reclaimed));
    write_key(record, {});
    // Rounded up, so that readers do not see a deadline earlier than ours.
    const std::int64_t timeout_ms =
        (free_to_reuse_timeout_ns_ + kNanosPerMilli - 1) / kNanosPerMilli;
    store_relaxed(record + kDeadlineOffset, clock_.epoch_ms() + timeout_ms);
    freed_.push_back({id, clock_.nano_time() + free_to_reuse_timeout_ns_});
    return true;
}

void CountersManager::free(Counter& counter) {
    if (counter) free(counter.id());
    counter = Counter();
}

void CountersManager::set_label(std::int32_t id, std::string_view label) {
    TERN_ASSERT(contains(id), "a counter id of this buffer");
    write_label(record_at(metadata_, id, kCounterMetadataLength), 0, label);
}

void CountersManager::append_to_label(std::int32_t id, std::string_view suffix) {
    append_to_counter_label(metadata_, id, suffix);
}

void CountersManager::set_key(std::int32_t id, ConstBytes key) {
    TERN_ASSERT(contains(id), "a counter id of this buffer");
    write_key(record_at(metadata_, id, kCounterMetadataLength), key);
}

void CountersManager::set_reference_id(std::int32_t id, std::int64_t reference_id) {
    set_counter_reference_id(values_, id, reference_id);
}

void append_to_counter_label(Bytes metadata, std::int32_t id, std::string_view suffix) {
    TERN_ASSERT(
        id >= 0 && (static_cast<std::size_t>(id) + 1) * kCounterMetadataLength <= metadata.size(),
        "a counter id of this buffer");
    std::byte* const record = record_at(metadata, id, kCounterMetadataLength);
    write_label(record, label_length(record), suffix);
}

void set_counter_reference_id(Bytes values, std::int32_t id, std::int64_t reference_id) {
    TERN_ASSERT(
        id >= 0 && (static_cast<std::size_t>(id) + 1) * kCounterValueLength <= values.size(),
        "a counter id of this buffer");
    store_release(record_at(values, id, kCounterValueLength) + kReferenceIdOffset, reference_id);
}

std::string counters_text(const CountersReader& counters) {
    std::string text;
    counters.for_each([&](std::int32_t id) {
        fmt::format_to(std::back_inserter(text), "{:3}: {:20} - {}\n", id, counters.value(id),
                       counters.label(id));
    });
    return text;
}

}  // namespace tern::memory
