#include "tern/archive/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "tern/archive/catalog_layout.hpp"
#include "tern/archive/catalog_recovery.hpp"
#include "tern/base/assert.hpp"
#include "tern/base/atomic.hpp"
#include "tern/base/math.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::archive {
namespace layout = catalog_layout;
namespace {

constexpr std::int32_t kMinTermLength = 64 * 1024;
constexpr std::int32_t kMaxTermLength = 1024 * 1024 * 1024;
constexpr std::string_view kReplacementSuffix = ".replacement";

std::int64_t record_length(const RecordingDescriptor& descriptor, std::int32_t alignment) {
    const std::size_t texts = descriptor.stripped_channel.size() +
                              descriptor.original_channel.size() +
                              descriptor.source_identity.size();
    return align_up(layout::kMinRecordLength + static_cast<std::int64_t>(texts),
                    std::int64_t{alignment});
}

std::int64_t stored_record_length(const std::byte* record, std::int32_t alignment) {
    const std::int64_t length = load<std::int32_t>(record + layout::kRecordLength);
    return align_up(length + layout::kRecordHeaderLength, std::int64_t{alignment});
}

/// The strings of a record that validate_record has passed.
std::array<std::string_view, 3> record_strings(const std::byte* record) {
    std::array<std::string_view, 3> strings;
    const std::byte* at = record + layout::kStrings;
    for (auto& string : strings) {
        const auto length = load<std::uint32_t>(at);
        string = {reinterpret_cast<const char*>(at + layout::kStringHeaderLength), length};
        at += layout::kStringHeaderLength + length;
    }
    return strings;
}

RecordingSummary record_summary(const std::byte* record) {
    RecordingSummary s;
    s.recording_id = load<std::int64_t>(record + layout::kRecordingId);
    s.start_timestamp_ms = load<std::int64_t>(record + layout::kStartTimestamp);
    s.stop_timestamp_ms = load<std::int64_t>(record + layout::kStopTimestamp);
    s.start_position = load<std::int64_t>(record + layout::kStartPosition);
    s.stop_position = load<std::int64_t>(record + layout::kStopPosition);
    s.initial_term_id = load<std::int32_t>(record + layout::kInitialTermId);
    s.segment_file_length = load<std::int32_t>(record + layout::kSegmentFileLength);
    s.term_buffer_length = load<std::int32_t>(record + layout::kTermBufferLength);
    s.mtu_length = load<std::int32_t>(record + layout::kMtuLength);
    s.session_id = load<std::int32_t>(record + layout::kSessionId);
    s.stream_id = load<std::int32_t>(record + layout::kStreamId);
    return s;
}

/// Why the strings do not fit into the record; empty when they do.
std::string_view check_strings(const std::byte* record, std::int64_t length) {
    std::int64_t at = layout::kStrings;
    for (int i = 0; i < 3; ++i) {
        if (at + layout::kStringHeaderLength > length) return "string header";
        at += layout::kStringHeaderLength + std::int64_t{load<std::uint32_t>(record + at)};
        if (at > length) return "string length";
    }
    return {};
}

std::string_view check_geometry(const RecordingSummary& s) {
    if (!is_power_of_two(s.term_buffer_length) || s.term_buffer_length < kMinTermLength ||
        s.term_buffer_length > kMaxTermLength) {
        return "termBufferLength";
    }
    if (!is_power_of_two(s.segment_file_length) || s.segment_file_length < s.term_buffer_length ||
        s.segment_file_length > kMaxSegmentFileLength) {
        return "segmentFileLength";
    }
    if (s.start_position < 0) return "startPosition";
    if (s.stop_position != kNullValue && s.stop_position < s.start_position) return "stopPosition";
    return {};
}

}  // namespace

Catalog::Catalog(CatalogOptions options, platform::Platform platform)
    : options_(std::move(options)),
      platform_(platform),
      path_(platform::join_path(options_.archive_directory, kCatalogFileName)) {
    open_file();
    build_index();
    find_orphans();
    recover();
}

Catalog::~Catalog() {
    try {
        close();
    } catch (const std::exception&) {
        // Only the sync can fail; the owner that cares has called close() itself.
        mapping_.reset();
    }
}

void Catalog::close() {
    if (!mapping_) return;
    const auto mapping = std::move(mapping_);
    mapping->sync();
}

// ---- Opening -----------------------------------------------------------------------------------

void Catalog::open_file() {
    if (platform_.storage.exists(path_)) {
        map(options_.capacity);
        read_header();
    } else {
        create_file(options_.capacity);
    }
}

/// Blocks are reserved, so that a full disk is an error here and not a fault on a later store.
void Catalog::create_file(std::int64_t capacity) {
    mapping_ = platform_.storage.create_mapped(
        path_, std::max(capacity, layout::kHeaderLength),
        {.exclusive = false, .sparse = false, .visibility = platform::Visibility::shared});
    std::byte* header = mapping_->bytes().data();
    alignment_ = layout::kRecordAlignment;
    store(header + layout::kLength, static_cast<std::int32_t>(layout::kHeaderLength));
    store(header + layout::kNextRecordingId, std::int64_t{0});
    store(header + layout::kAlignment, alignment_);
    // Last: a file without a version is one whose creation was cut short.
    store_release(header + layout::kVersion, layout::kStorageVersion);
    sync();
    if (options_.file_sync_level > 0) {
        platform_.storage.sync_directory(options_.archive_directory);
    }
}

void Catalog::map(std::int64_t least_capacity) {
    mapping_.reset();
    if (platform_.storage.file_size(path_) < least_capacity) {
        const auto file = platform_.storage.open(path_, platform::Access::read_write);
        file->allocate(least_capacity);
        if (options_.file_sync_level > 0) file->sync(true);
    }
    mapping_ = platform_.storage.open_mapped(path_, platform::Access::read_write);
}

void Catalog::read_header() {
    const ConstBytes bytes = mapping_->bytes();
    if (std::ssize(bytes) < layout::kHeaderLength) {
        throw CatalogError(fmt::format("catalog {} is shorter than its header", path_));
    }
    const auto version = load<std::int32_t>(bytes.data() + layout::kVersion);
    const auto alignment = load<std::int32_t>(bytes.data() + layout::kAlignment);
    const bool has_records =
        std::ranges::any_of(bytes.subspan(static_cast<std::size_t>(layout::kHeaderLength)),
                            [](std::byte b) { return b != std::byte{0}; });
    if (!has_records && (version == 0 || alignment == 0)) {
        notes_.push_back(fmt::format("catalog {} was never finished: created anew", path_));
        mapping_.reset();
        create_file(std::max(options_.capacity, std::ssize(bytes)));
        return;
    }
    if ((version >> 16) != layout::kStorageVersionMajor) {
        throw CatalogError(
            fmt::format("incompatible catalog file version {}.{}.{}, archive software is 3.1.0: {}",
                        version >> 16, (version >> 8) & 0xFF, version & 0xFF, path_));
    }
    if (!is_power_of_two(alignment) || alignment < 8 || alignment > layout::kMaxRecordAlignment) {
        throw CatalogError(fmt::format("catalog {}: alignment {} at offset {} is not one", path_,
                                       alignment, layout::kAlignment));
    }
    alignment_ = alignment;
    next_recording_id_ = load<std::int64_t>(bytes.data() + layout::kNextRecordingId);
}

/// Offset of the first record in (from, to) where there should be none; `from` is where one begins
/// or would. Only what is a record in every respect, and a later one, counts.
std::optional<std::int64_t> Catalog::find_hidden_record(std::int64_t from, std::int64_t to,
                                                        std::int64_t after_id) const {
    const ConstBytes bytes = mapping_->bytes();
    const std::int64_t capacity = std::ssize(bytes);
    for (auto offset = from + alignment_;
         offset < to && offset + layout::kMinRecordLength <= capacity; offset += alignment_) {
        const std::byte* at = bytes.data() + offset;
        if (load<std::int32_t>(at + layout::kRecordLength) <= 0) continue;
        const std::int64_t length = stored_record_length(at, alignment_);
        const auto state = load<std::int32_t>(at + layout::kRecordState);
        const RecordingSummary summary = record_summary(at);
        if (length >= layout::kMinRecordLength && offset + length <= capacity && state >= 0 &&
            state <= 2 && summary.recording_id > after_id && check_strings(at, length).empty() &&
            check_geometry(summary).empty()) {
            return offset;
        }
    }
    return std::nullopt;
}

/// Segment files of recordings that the catalog does not know are left alone, and their ids not
/// given out again: a new recording must not be written over what may be all that is left of one.
void Catalog::find_orphans() {
    std::int64_t count = 0;
    std::int64_t last_id = kNullValue;
    for (const auto& name : platform_.storage.list(options_.archive_directory)) {
        const auto parsed = parse_segment_file_name(name);
        if (!parsed || parsed->deleted || contains(parsed->recording_id)) continue;
        ++count;
        last_id = std::max(last_id, parsed->recording_id);
    }
    if (count == 0) return;
    notes_.push_back(fmt::format(
        "{} segment files in {} are of recordings that the catalog does not have (up to id {})",
        count, options_.archive_directory, last_id));
    if (last_id < INT64_MAX) next_recording_id_ = std::max(next_recording_id_, last_id + 1);
}

void Catalog::build_index() {
    const ConstBytes bytes = mapping_->bytes();
    const std::int64_t capacity = std::ssize(bytes);
    std::int64_t offset = layout::kHeaderLength;
    const auto refuse = [&](std::string_view field) {
        throw CatalogError(
            fmt::format("catalog {}: record at offset {}: bad {}; nothing was changed: restore the "
                        "file from a copy",
                        path_, offset, field));
    };
    while (offset + layout::kRecordHeaderLength <= capacity) {
        const std::byte* at = bytes.data() + offset;
        if (load<std::int32_t>(at + layout::kRecordLength) <= 0) break;
        const std::int64_t length = stored_record_length(at, alignment_);
        if (length < layout::kMinRecordLength || offset + length > capacity) refuse("length");
        const auto state = load<std::int32_t>(at + layout::kRecordState);
        if (state < 0 || state > 2) refuse("state");
        const RecordingSummary summary = record_summary(at);
        if (summary.recording_id < 0) refuse("recordingId (negative)");
        if (summary.recording_id <= last_id_in_file_) refuse("recordingId (not ascending)");
        if (const auto bad = check_strings(at, length); !bad.empty()) refuse(bad);
        if (find_hidden_record(offset, offset + length, summary.recording_id)) {
            refuse("length (a record lies within)");
        }
        if (static_cast<RecordingState>(state) == RecordingState::valid) {
            if (const auto bad = check_geometry(summary); !bad.empty()) refuse(bad);
            index_.push_back({summary.recording_id, offset});
        }
        last_id_in_file_ = summary.recording_id;
        offset += length;
    }
    if (find_hidden_record(offset, capacity, last_id_in_file_)) {
        refuse("length (a record follows)");
    }
    end_offset_ = offset;
    const auto trailing = bytes.subspan(static_cast<std::size_t>(std::min(offset, capacity)));
    const auto odd = std::ranges::find_if(trailing, [](std::byte b) { return b != std::byte{0}; });
    if (odd != trailing.end()) {
        trailing_bytes_ = true;
        notes_.push_back(fmt::format("catalog {}: bytes at offset {} behind the last record", path_,
                                     offset + (odd - trailing.begin())));
    }
    if (next_recording_id_ <= last_id_in_file_) {
        if (next_recording_id_ != 0) {
            notes_.push_back(fmt::format("catalog {}: next recording id {} set to {}", path_,
                                         next_recording_id_, last_id_in_file_ + 1));
        }
        next_recording_id_ = last_id_in_file_ + 1;
    }
}

void Catalog::recover() {
    const bool anything = std::ranges::any_of(index_, [&](const IndexEntry& entry) {
        return record_summary(mapping_->bytes().data() + entry.offset).is_live();
    });
    if (!anything) return;

    std::map<std::int64_t, std::vector<std::int64_t>> segments;
    for (const auto& name : platform_.storage.list(options_.archive_directory)) {
        const auto parsed = parse_segment_file_name(name);
        if (parsed && !parsed->deleted) {
            segments[parsed->recording_id].push_back(parsed->base_position);
        }
    }
    std::vector<std::byte> buffer(static_cast<std::size_t>(options_.io_buffer_length));
    for (const auto& entry : index_) {
        std::byte* at = mapping_->bytes().data() + entry.offset;
        const RecordingSummary summary = record_summary(at);
        if (!summary.is_live()) continue;
        auto& files = segments[entry.recording_id];
        std::ranges::sort(files);
        auto recovered = recover_stop_position(platform_.storage, options_.archive_directory,
                                               summary, files, options_.record_checksum, buffer);
        if (!recovered.note.empty()) notes_.push_back(std::move(recovered.note));
        recording_stopped(entry.recording_id, recovered.position, platform_.clock.epoch_ms());
    }
}

// ---- Lookups -----------------------------------------------------------------------------------

std::optional<std::size_t> Catalog::index_of(std::int64_t recording_id) const noexcept {
    const auto it = std::ranges::lower_bound(index_, recording_id, {}, &IndexEntry::recording_id);
    if (it == index_.end() || it->recording_id != recording_id) return std::nullopt;
    return static_cast<std::size_t>(it - index_.begin());
}

std::byte* Catalog::record(std::int64_t recording_id) {
    const auto index = index_of(recording_id);
    TERN_ASSERT(index.has_value(), "the recording is in the catalog");
    return mapping_->bytes().data() + index_[*index].offset;
}

const std::byte* Catalog::record(std::int64_t recording_id) const {
    const auto index = index_of(recording_id);
    return index ? mapping_->bytes().data() + index_[*index].offset : nullptr;
}

bool Catalog::contains(std::int64_t recording_id) const noexcept {
    return index_of(recording_id).has_value();
}

std::optional<RecordingSummary> Catalog::find(std::int64_t recording_id) const {
    const std::byte* at = record(recording_id);
    if (at == nullptr) return std::nullopt;
    return record_summary(at);
}

std::optional<RecordingDescriptor> Catalog::describe(std::int64_t recording_id) const {
    const std::byte* at = record(recording_id);
    if (at == nullptr) return std::nullopt;
    const RecordingSummary s = record_summary(at);
    const auto strings = record_strings(at);
    return RecordingDescriptor{s.recording_id,
                               s.start_timestamp_ms,
                               s.stop_timestamp_ms,
                               s.start_position,
                               s.stop_position,
                               s.initial_term_id,
                               s.segment_file_length,
                               s.term_buffer_length,
                               s.mtu_length,
                               s.session_id,
                               s.stream_id,
                               std::string(strings[0]),
                               std::string(strings[1]),
                               std::string(strings[2])};
}

std::string_view Catalog::stripped_channel(std::int64_t recording_id) const {
    const std::byte* at = record(recording_id);
    return at == nullptr ? std::string_view{} : record_strings(at)[0];
}

std::string_view Catalog::original_channel(std::int64_t recording_id) const {
    const std::byte* at = record(recording_id);
    return at == nullptr ? std::string_view{} : record_strings(at)[1];
}

ConstBytes Catalog::descriptor_bytes(std::int64_t recording_id) const {
    const std::byte* at = record(recording_id);
    if (at == nullptr) return {};
    return {at + layout::kRecordHeaderLength,
            static_cast<std::size_t>(load<std::int32_t>(at + layout::kRecordLength))};
}

std::optional<std::int64_t> Catalog::next_id(std::int64_t from) const noexcept {
    const auto it = std::ranges::lower_bound(index_, from, {}, &IndexEntry::recording_id);
    if (it == index_.end()) return std::nullopt;
    return it->recording_id;
}

std::int64_t Catalog::last_id() const noexcept {
    return index_.empty() ? kNullValue : index_.back().recording_id;
}

std::int64_t Catalog::find_last(std::int64_t min_id, std::int32_t session_id,
                                std::int32_t stream_id, std::string_view channel_fragment) const {
    for (auto it = index_.rbegin(); it != index_.rend() && it->recording_id >= min_id; ++it) {
        const std::byte* at = mapping_->bytes().data() + it->offset;
        if (load<std::int32_t>(at + layout::kSessionId) == session_id &&
            load<std::int32_t>(at + layout::kStreamId) == stream_id &&
            record_strings(at)[1].find(channel_fragment) != std::string_view::npos) {
            return it->recording_id;
        }
    }
    return kNullValue;
}

// ---- Changes -----------------------------------------------------------------------------------

void Catalog::sync() {
    if (options_.file_sync_level > 0 && !planted(Fault::catalog_not_synced)) mapping_->sync();
}

void Catalog::update_checksum(std::byte* at) {
    const auto length = static_cast<std::size_t>(load<std::int32_t>(at + layout::kRecordLength));
    store(at + layout::kRecordChecksum,
          compute_checksum(options_.record_checksum, {at + layout::kRecordHeaderLength, length}));
}

void Catalog::grow(std::int64_t required) {
    std::int64_t capacity = mapping_->size();
    if (required <= capacity) return;
    if (capacity >= kMaxCatalogCapacity) {
        throw CatalogError(
            fmt::format("catalog is full, max capacity reached: {}", kMaxCatalogCapacity));
    }
    if (required > kMaxCatalogCapacity) {
        throw CatalogError(fmt::format(
            "recording is too big: total recording length is {} bytes, available space is {} bytes",
            required - end_offset_, kMaxCatalogCapacity - end_offset_));
    }
    while (capacity < required) capacity = std::min(capacity + capacity / 2, kMaxCatalogCapacity);
    mapping_->sync();
    try {
        map(capacity);
    } catch (const platform::StorageError&) {
        map(0);  // as it was, so that the archive goes on with what it has
        throw;
    }
}

/// Keeps what an unfinished or lost write left behind the last record before it is overwritten.
void Catalog::save_trailing_bytes() {
    if (!trailing_bytes_) return;
    const auto trailing = mapping_->bytes().subspan(static_cast<std::size_t>(end_offset_));
    const auto path = fmt::format("{}.trailing-{}", path_, end_offset_);
    const auto file = platform_.storage.create(
        path, {.exclusive = false, .sparse = true, .visibility = platform::Visibility::shared});
    file->write_at(0, trailing);
    file->sync(true);
    std::ranges::fill(trailing, std::byte{0});
    trailing_bytes_ = false;
}

void Catalog::write_record(std::byte* at, const RecordingDescriptor& d, std::int64_t length) {
    store(at + layout::kRecordingId, d.recording_id);
    store(at + layout::kStartTimestamp, d.start_timestamp_ms);
    store(at + layout::kStopTimestamp, d.stop_timestamp_ms);
    store(at + layout::kStartPosition, d.start_position);
    store(at + layout::kStopPosition, d.stop_position);
    store(at + layout::kInitialTermId, d.initial_term_id);
    store(at + layout::kSegmentFileLength, d.segment_file_length);
    store(at + layout::kTermBufferLength, d.term_buffer_length);
    store(at + layout::kMtuLength, d.mtu_length);
    store(at + layout::kSessionId, d.session_id);
    store(at + layout::kStreamId, d.stream_id);
    std::byte* text = at + layout::kStrings;
    for (const std::string_view string :
         {std::string_view(d.stripped_channel), std::string_view(d.original_channel),
          std::string_view(d.source_identity)}) {
        store(text, static_cast<std::uint32_t>(string.size()));
        text = std::ranges::copy(as_bytes(string), text + layout::kStringHeaderLength).out;
    }
    std::fill(text, at + length, std::byte{0});
}

std::int64_t Catalog::add_recording(const RecordingDescriptor& descriptor) {
    const std::int64_t length = record_length(descriptor, alignment_);
    grow(end_offset_ + length);
    save_trailing_bytes();

    RecordingDescriptor numbered = descriptor;
    numbered.recording_id = next_recording_id_;
    std::byte* file = mapping_->bytes().data();
    std::byte* at = file + end_offset_;
    // The id is given away first: a crash in between leaves a gap in the ids, nothing else.
    store(file + layout::kNextRecordingId, next_recording_id_ + 1);
    std::fill(at, at + layout::kStrings, std::byte{0});
    write_record(at, numbered, length);
    if (end_offset_ + length + layout::kRecordHeaderLength <= mapping_->size()) {
        store(at + length + layout::kRecordLength, std::int32_t{0});
    }
    store(at + layout::kRecordLength,
          static_cast<std::int32_t>(length - layout::kRecordHeaderLength));
    update_checksum(at);
    store_release(at + layout::kRecordState, static_cast<std::int32_t>(RecordingState::valid));

    index_.push_back({numbered.recording_id, end_offset_});
    end_offset_ += length;
    last_id_in_file_ = numbered.recording_id;
    ++next_recording_id_;
    try {
        sync();
    } catch (...) {  // nobody will record it, nor end it
        store_release(at + layout::kRecordState,
                      static_cast<std::int32_t>(RecordingState::invalid));
        index_.pop_back();
        throw;
    }
    return numbered.recording_id;
}

void Catalog::recording_stopped(std::int64_t recording_id, std::int64_t position,
                                std::int64_t timestamp_ms) {
    std::byte* at = record(recording_id);
    store(at + layout::kStopTimestamp, timestamp_ms);
    store_release(at + layout::kStopPosition, position);
    update_checksum(at);
    sync();
}

void Catalog::set_start_position(std::int64_t recording_id, std::int64_t position) {
    std::byte* at = record(recording_id);
    store_release(at + layout::kStartPosition, position);
    update_checksum(at);
    sync();
}

void Catalog::set_stop_position(std::int64_t recording_id, std::int64_t position) {
    std::byte* at = record(recording_id);
    store_release(at + layout::kStopPosition, position);
    update_checksum(at);
    sync();
}

void Catalog::extend_recording(std::int64_t recording_id, std::int64_t control_session_id,
                               std::int64_t correlation_id, std::int32_t session_id) {
    std::byte* at = record(recording_id);
    store(at + layout::kControlSessionId, control_session_id);
    store(at + layout::kCorrelationId, correlation_id);
    store(at + layout::kStopTimestamp, std::int64_t{kNullValue});
    store(at + layout::kSessionId, session_id);
    store_release(at + layout::kStopPosition, std::int64_t{kNullValue});
    update_checksum(at);
    sync();
}

void Catalog::set_state(std::int64_t recording_id, RecordingState state) {
    std::byte* at = record(recording_id);
    store_release(at + layout::kRecordState, static_cast<std::int32_t>(state));
    if (state != RecordingState::valid) {
        index_.erase(index_.begin() + static_cast<std::ptrdiff_t>(*index_of(recording_id)));
    }
    sync();
}

void Catalog::replace_recording(const RecordingDescriptor& descriptor) {
    const std::int64_t length = record_length(descriptor, alignment_);
    std::byte* at = record(descriptor.recording_id);
    const std::int64_t old_length = stored_record_length(at, alignment_);
    if (length > old_length) {
        rewrite_with_longer_record(descriptor, length);
        return;
    }
    write_record(at, descriptor, old_length);
    update_checksum(at);
    sync();
}

/// A new file beside the old one, then renamed over it: no moment at which a crash loses records.
void Catalog::rewrite_with_longer_record(const RecordingDescriptor& descriptor,
                                         std::int64_t length) {
    const std::size_t position = *index_of(descriptor.recording_id);
    const std::int64_t offset = index_[position].offset;
    const std::int64_t old_length =
        stored_record_length(mapping_->bytes().data() + offset, alignment_);
    const std::int64_t growth = length - old_length;
    grow(end_offset_ + growth);
    save_trailing_bytes();

    const ConstBytes old = mapping_->bytes();
    const auto at = [](std::int64_t n) { return static_cast<std::size_t>(n); };
    const std::string replacement = path_ + std::string(kReplacementSuffix);
    {
        const auto copy = platform_.storage.create_mapped(
            replacement, std::ssize(old),
            {.exclusive = false, .sparse = false, .visibility = platform::Visibility::shared});
        const Bytes bytes = copy->bytes();
        std::ranges::copy(old.first(at(offset + layout::kStrings)), bytes.begin());
        std::byte* record = bytes.data() + offset;
        store(record + layout::kRecordLength,
              static_cast<std::int32_t>(length - layout::kRecordHeaderLength));
        write_record(record, descriptor, length);
        update_checksum(record);
        std::ranges::copy(
            old.subspan(at(offset + old_length), at(end_offset_ - offset - old_length)),
            bytes.begin() + offset + length);
        copy->sync();
    }
    platform_.storage.rename(replacement, path_);
    platform_.storage.sync_directory(options_.archive_directory);
    map(0);
    for (std::size_t i = position + 1; i < index_.size(); ++i) index_[i].offset += growth;
    end_offset_ += growth;
}

}  // namespace tern::archive
