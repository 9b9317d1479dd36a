#include "tern/cluster/recording_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "tern/base/error.hpp"
#include "tern/base/math.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::cluster {

namespace {

using Type = RecordingLogEntry::Type;

// Offsets in a slot (CLF-9.1).
constexpr std::int64_t kRecordingIdOffset = 0;
constexpr std::int64_t kLeadershipTermIdOffset = 8;
constexpr std::int64_t kTermBaseOffset = 16;
constexpr std::int64_t kLogPositionOffset = 24;
constexpr std::int64_t kTimestampOffset = 32;
constexpr std::int64_t kServiceIdOffset = 40;
constexpr std::int64_t kEntryTypeOffset = 44;
constexpr std::int64_t kEndpointLengthOffset = 48;
constexpr std::int64_t kEndpointOffset = 52;

constexpr std::uint32_t kInvalidFlag = 0x8000'0000U;
constexpr std::int32_t kRemoved = -1;

int rank(Type type) {
    switch (type) {
        case Type::term:
            return 0;
        case Type::standby_snapshot:
            return 1;
        case Type::snapshot:
            return 2;
    }
    return 3;
}

/// CLF-9.4. Service ids are compared descending.
bool sorts_before(const RecordingLogEntry& a, const RecordingLogEntry& b) {
    const auto head = [](const RecordingLogEntry& e) {
        return std::tuple(e.leadership_term_id, e.term_base_log_position, rank(e.type));
    };
    if (head(a) != head(b)) return head(a) < head(b);
    if (a.type == Type::term) return a.entry_index < b.entry_index;
    return std::tuple(a.log_position, -std::int64_t{a.service_id}) <
           std::tuple(b.log_position, -std::int64_t{b.service_id});
}

bool is_blank(ConstBytes slot) {
    return std::ranges::all_of(slot, [](std::byte byte) { return byte == std::byte{}; });
}

template <typename T>
T field(ConstBytes slot, std::int64_t offset) {
    return load<T>(slot.data() + offset);
}

std::int64_t entry_length(const RecordingLogEntry& entry) {
    if (entry.type != Type::standby_snapshot) return RecordingLog::kSlotLength;
    return align_up(kEndpointOffset + static_cast<std::int64_t>(entry.archive_endpoint.size()),
                    RecordingLog::kSlotLength);
}

std::uint32_t encoded_type(const RecordingLogEntry& entry) {
    return static_cast<std::uint32_t>(entry.type) | (entry.is_valid ? 0U : kInvalidFlag);
}

bool same_set(const RecordingLogEntry& a, const RecordingLogEntry& b) {
    return a.leadership_term_id == b.leadership_term_id &&
           a.term_base_log_position == b.term_base_log_position && a.log_position == b.log_position;
}

/// A row that cannot be right is not guessed at: what it says decides what is recovered.
[[noreturn]] void refuse_damaged(const std::string& path, std::int64_t offset,
                                 std::string_view why) {
    throw Error(
        fmt::format("{}: damaged at offset {}: {}; restore the file from a copy, or, with "
                    "other members in the cluster, move this member's cluster and archive "
                    "directories away and let it catch up from them",
                    path, offset, why));
}

/// What no writer has ever written. Rows marked invalid are out of use, whatever they say.
void check_plausible(const RecordingLogEntry& entry) {
    const bool is_open_term = entry.type == Type::term && entry.log_position == kNullPosition;
    const bool is_known = entry.type == Type::term || entry.type == Type::snapshot ||
                          entry.type == Type::standby_snapshot;
    if (!entry.is_valid || !is_known) return;
    if (entry.type == Type::term && entry.service_id != kConsensusModuleServiceId) return;
    if (entry.leadership_term_id < 0 || entry.term_base_log_position < 0 ||
        (!is_open_term && entry.log_position < entry.term_base_log_position)) {
        throw Error(fmt::format(
            "impossible row: leadershipTermId={} termBaseLogPosition={} "
            "logPosition={}",
            entry.leadership_term_id, entry.term_base_log_position, entry.log_position));
    }
}

}  // namespace

RecordingLog::RecordingLog(platform::Storage& storage, const std::string& directory, Open mode,
                           std::int32_t file_sync_level)
    : file_sync_level_(file_sync_level) {
    const auto path = platform::join_path(directory, kRecordingLogFileName);
    if (mode == Open::read_only) {
        file_ = storage.open(path, platform::Access::read_only);
    } else if (storage.exists(path)) {
        file_ = storage.open(path, platform::Access::read_write);
    } else {
        file_ = storage.create(path, {});
        storage.sync_directory(directory);
    }
    load();
}

void RecordingLog::load() {
    const auto size = file_->size();
    std::array<std::byte, kMaxEntryLength> buffer{};
    std::int64_t offset = 0;
    std::int32_t blank_rows = 0;
    while (size - offset >= kSlotLength) {
        const auto available = std::min(size - offset, kMaxEntryLength);
        const Bytes window(buffer.data(), static_cast<std::size_t>(available));
        if (file_->read_at(offset, window) != window.size()) {
            throw Error(fmt::format("{}: shrank while it was read", file_->path()));
        }
        if (is_blank(window.first(kSlotLength))) {
            ++blank_rows;
            offset += kSlotLength;
            continue;
        }
        if (blank_rows > 0) {
            notices_.push_back(fmt::format("{}: {} blank rows before offset {} ignored",
                                           file_->path(), blank_rows, offset));
            next_entry_index_ += std::exchange(blank_rows, 0);
        }
        std::int64_t length = kSlotLength;
        const auto raw_type = field<std::int32_t>(window, kEntryTypeOffset);
        const auto type =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(raw_type) & ~kInvalidFlag);
        if (raw_type != kRemoved && type == static_cast<std::int32_t>(Type::standby_snapshot)) {
            const auto endpoint = field<std::int32_t>(window, kEndpointLengthOffset);
            if (endpoint <= 0 || endpoint > kMaxEndpointLength) {
                refuse_damaged(file_->path(), offset,
                               fmt::format("endpoint length {} is not in [1, {}]", endpoint,
                                           kMaxEndpointLength));
            }
            length = align_up(kEndpointOffset + endpoint, kSlotLength);
            if (length > available) break;
        }
        if (raw_type != kRemoved) {
            try {
                add_loaded(window.first(static_cast<std::size_t>(length)), offset,
                           next_entry_index_);
            } catch (const Error& damage) {
                refuse_damaged(file_->path(), offset, damage.what());
            }
        }
        ++next_entry_index_;
        offset += length;
    }
    offset -= blank_rows * kSlotLength;
    if (offset != size) {
        notices_.push_back(fmt::format("{}: incomplete row of {} bytes at offset {} dropped",
                                       file_->path(), size - offset, offset));
    }
    next_offset_ = offset;
    std::ranges::stable_sort(entries_, sorts_before);
}

void RecordingLog::add_loaded(ConstBytes slot, std::int64_t offset, std::int32_t entry_index) {
    RecordingLogEntry entry;
    entry.recording_id = field<std::int64_t>(slot, kRecordingIdOffset);
    entry.leadership_term_id = field<std::int64_t>(slot, kLeadershipTermIdOffset);
    entry.term_base_log_position = field<std::int64_t>(slot, kTermBaseOffset);
    entry.log_position = field<std::int64_t>(slot, kLogPositionOffset);
    entry.timestamp = field<std::int64_t>(slot, kTimestampOffset);
    entry.service_id = field<std::int32_t>(slot, kServiceIdOffset);
    const auto raw_type = field<std::uint32_t>(slot, kEntryTypeOffset);
    entry.type = static_cast<Type>(static_cast<std::int32_t>(raw_type & ~kInvalidFlag));
    entry.is_valid = (raw_type & kInvalidFlag) == 0;
    entry.entry_index = entry_index;
    entry.file_offset = offset;
    if (entry.type == Type::standby_snapshot) {
        const auto length =
            static_cast<std::size_t>(field<std::int32_t>(slot, kEndpointLengthOffset));
        entry.archive_endpoint = as_text(slot.subspan(kEndpointOffset, length));
    }
    check_plausible(entry);
    if (entry.type == Type::term) {
        if (entry.service_id != kConsensusModuleServiceId) {
            throw Error(fmt::format("TERM row with serviceId={}", entry.service_id));
        }
        check_term_recording_id(entry.recording_id);
    }
    entries_.push_back(std::move(entry));
}

void RecordingLog::check_term_recording_id(std::int64_t recording_id) {
    if (recording_id == -1) throw Error("invalid recordingId=-1");
    if (term_recording_id_ != -1 && recording_id != term_recording_id_) {
        throw Error(fmt::format("invalid TERM recordingId={}, expected recordingId={}",
                                recording_id, term_recording_id_));
    }
    term_recording_id_ = recording_id;
}

const RecordingLogEntry* RecordingLog::find_last_term() const {
    for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
        if (it->is_valid_term()) return &*it;
    }
    return nullptr;
}

const RecordingLogEntry* RecordingLog::find_term(std::int64_t leadership_term_id) const {
    for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
        if (it->is_valid_term() && it->leadership_term_id == leadership_term_id) return &*it;
    }
    return nullptr;
}

RecordingLogEntry* RecordingLog::mutable_term(std::int64_t leadership_term_id) {
    return const_cast<RecordingLogEntry*>(find_term(leadership_term_id));
}

std::vector<RecordingLogEntry> RecordingLog::latest_snapshots(std::int32_t service_count) const {
    for (auto anchor = entries_.rbegin(); anchor != entries_.rend(); ++anchor) {
        if (!anchor->is_valid_snapshot() || anchor->service_id != kConsensusModuleServiceId)
            continue;
        std::vector<const RecordingLogEntry*> chosen(static_cast<std::size_t>(service_count) + 1);
        for (const auto& entry : entries_) {
            if (!entry.is_valid_snapshot() || !same_set(entry, *anchor)) continue;
            const auto slot = static_cast<std::size_t>(std::int64_t{entry.service_id} + 1);
            if (entry.service_id < kConsensusModuleServiceId || slot >= chosen.size()) continue;
            if (chosen[slot] == nullptr || chosen[slot]->entry_index < entry.entry_index) {
                chosen[slot] = &entry;
            }
        }
        if (std::ranges::find(chosen, nullptr) != chosen.end()) continue;
        std::vector<RecordingLogEntry> set;
        for (const auto* entry : chosen) set.push_back(*entry);
        return set;
    }
    return {};
}

void RecordingLog::append_term(std::int64_t recording_id, std::int64_t leadership_term_id,
                               std::int64_t term_base_log_position, std::int64_t timestamp) {
    check_term_recording_id(recording_id);
    if (find_term(leadership_term_id) != nullptr) {
        throw Error(
            fmt::format("duplicate TERM entry for leadershipTermId={}", leadership_term_id));
    }
    if (auto* previous = mutable_term(leadership_term_id - 1)) {
        set_log_position(*previous, term_base_log_position);
    }
    RecordingLogEntry entry;
    entry.recording_id = recording_id;
    entry.leadership_term_id = leadership_term_id;
    entry.term_base_log_position = term_base_log_position;
    entry.timestamp = timestamp;
    if (const auto* next = find_term(leadership_term_id + 1)) {
        entry.log_position = next->term_base_log_position;
    }
    write_new(std::move(entry));
}

void RecordingLog::append_snapshot(std::int64_t recording_id, std::int64_t leadership_term_id,
                                   std::int64_t term_base_log_position, std::int64_t log_position,
                                   std::int64_t timestamp, std::int32_t service_id) {
    append_or_overwrite({.recording_id = recording_id,
                         .leadership_term_id = leadership_term_id,
                         .term_base_log_position = term_base_log_position,
                         .log_position = log_position,
                         .timestamp = timestamp,
                         .service_id = service_id,
                         .type = Type::snapshot,
                         .archive_endpoint = {}});
}

void RecordingLog::append_standby_snapshot(std::int64_t recording_id,
                                           std::int64_t leadership_term_id,
                                           std::int64_t term_base_log_position,
                                           std::int64_t log_position, std::int64_t timestamp,
                                           std::int32_t service_id,
                                           std::string_view archive_endpoint) {
    if (archive_endpoint.empty()) throw Error("Remote snapshots must have a valid endpoint");
    if (static_cast<std::int64_t>(archive_endpoint.size()) > kMaxEndpointLength) {
        throw Error(fmt::format("Endpoint is too long: {} vs {}", archive_endpoint.size(),
                                kMaxEndpointLength));
    }
    append_or_overwrite({.recording_id = recording_id,
                         .leadership_term_id = leadership_term_id,
                         .term_base_log_position = term_base_log_position,
                         .log_position = log_position,
                         .timestamp = timestamp,
                         .service_id = service_id,
                         .type = Type::standby_snapshot,
                         .archive_endpoint = std::string(archive_endpoint)});
}

RecordingLogEntry* RecordingLog::find_same(const RecordingLogEntry& like) {
    for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
        if (it->type == like.type && same_set(*it, like) && it->service_id == like.service_id &&
            it->archive_endpoint == like.archive_endpoint) {
            return &*it;
        }
    }
    return nullptr;
}

void RecordingLog::append_or_overwrite(RecordingLogEntry entry) {
    if (entry.recording_id == -1) throw Error("invalid recordingId=-1");
    auto* existing = find_same(entry);
    if (existing == nullptr) {
        write_new(std::move(entry));
        return;
    }
    entry.entry_index = existing->entry_index;
    entry.file_offset = existing->file_offset;
    write_entry(entry);
    *existing = std::move(entry);
}

void RecordingLog::commit_log_position(std::int64_t leadership_term_id, std::int64_t log_position) {
    auto* entry = mutable_term(leadership_term_id);
    if (entry == nullptr) {
        throw Error(fmt::format("unknown leadershipTermId={}", leadership_term_id));
    }
    set_log_position(*entry, log_position);
}

void RecordingLog::set_log_position(RecordingLogEntry& entry, std::int64_t log_position) {
    if (entry.log_position == log_position) return;
    std::array<std::byte, sizeof log_position> bytes;
    store(bytes.data(), log_position);
    write_field(entry.file_offset + kLogPositionOffset, bytes);
    entry.log_position = log_position;
}

void RecordingLog::invalidate(RecordingLogEntry& entry) {
    entry.is_valid = false;
    std::array<std::byte, sizeof(std::uint32_t)> bytes;
    store(bytes.data(), encoded_type(entry));
    write_field(entry.file_offset + kEntryTypeOffset, bytes);
}

bool RecordingLog::invalidate_latest_snapshot() {
    const RecordingLogEntry* newest = nullptr;
    for (const auto& entry : entries_) {
        const bool is_snapshot = entry.is_valid && entry.type != Type::term && rank(entry.type) < 3;
        if (!is_snapshot || entry.service_id != kConsensusModuleServiceId) continue;
        if (newest == nullptr || entry.log_position >= newest->log_position) newest = &entry;
    }
    if (newest == nullptr) return false;
    if (find_term(newest->leadership_term_id) == nullptr) {
        throw Error(fmt::format("no matching term for snapshot: leadershipTermId={}",
                                newest->leadership_term_id));
    }
    const auto like = *newest;
    for (auto& entry : entries_) {
        const bool is_snapshot =
            entry.type == Type::snapshot || entry.type == Type::standby_snapshot;
        if (entry.is_valid && is_snapshot && same_set(entry, like)) invalidate(entry);
    }
    force();
    return true;
}

void RecordingLog::ensure_coherent(std::int64_t recording_id,
                                   std::int64_t initial_leadership_term_id,
                                   std::int64_t initial_term_base_log_position,
                                   std::int64_t leadership_term_id,
                                   std::int64_t term_base_log_position, std::int64_t log_position,
                                   std::int64_t timestamp) {
    if (recording_id == -1 || leadership_term_id < 0) return;
    const auto base = term_base_log_position == kNullPosition ? initial_term_base_log_position
                                                              : term_base_log_position;
    const auto* last = find_last_term();
    if (last == nullptr) {
        for (auto term = std::max<std::int64_t>(0, initial_leadership_term_id);
             term < leadership_term_id; ++term) {
            append_term(recording_id, term, initial_term_base_log_position, timestamp);
        }
        append_term(recording_id, leadership_term_id, base, timestamp);
    } else if (last->leadership_term_id < leadership_term_id) {
        const auto last_term_id = last->leadership_term_id;
        if (last->log_position == kNullPosition) {
            if (base == kNullPosition) {
                throw Error("Prior term was not committed: " + to_string(*last));
            }
            commit_log_position(last_term_id, base);
        }
        const auto end_of_last = find_term(last_term_id)->log_position;
        for (auto term = last_term_id + 1; term <= leadership_term_id; ++term) {
            append_term(recording_id, term, end_of_last, timestamp);
        }
    }
    if (log_position != kNullPosition) commit_log_position(leadership_term_id, log_position);
    force();
}

RecordingLogEntry& RecordingLog::insert(RecordingLogEntry entry) {
    const auto at = std::ranges::upper_bound(entries_, entry, sorts_before);
    return *entries_.insert(at, std::move(entry));
}

void RecordingLog::write_new(RecordingLogEntry entry) {
    // What a crash left behind the last whole row must not become part of the next one.
    if (file_->size() != next_offset_) file_->truncate(next_offset_);
    entry.entry_index = next_entry_index_;
    entry.file_offset = next_offset_;
    write_entry(entry);
    next_offset_ += entry_length(entry);
    ++next_entry_index_;
    insert(std::move(entry));
}

void RecordingLog::write_entry(const RecordingLogEntry& entry) {
    std::array<std::byte, kMaxEntryLength> buffer{};
    auto* slot = buffer.data();
    store(slot + kRecordingIdOffset, entry.recording_id);
    store(slot + kLeadershipTermIdOffset, entry.leadership_term_id);
    store(slot + kTermBaseOffset, entry.term_base_log_position);
    store(slot + kLogPositionOffset, entry.log_position);
    store(slot + kTimestampOffset, entry.timestamp);
    store(slot + kServiceIdOffset, entry.service_id);
    store(slot + kEntryTypeOffset, encoded_type(entry));
    if (entry.type == Type::standby_snapshot) {
        store(slot + kEndpointLengthOffset,
              static_cast<std::int32_t>(entry.archive_endpoint.size()));
        std::memcpy(slot + kEndpointOffset, entry.archive_endpoint.data(),
                    entry.archive_endpoint.size());
    }
    write_field(entry.file_offset,
                ConstBytes(buffer.data(), static_cast<std::size_t>(entry_length(entry))));
}

void RecordingLog::write_field(std::int64_t offset, ConstBytes bytes) {
    if (file_ == nullptr) throw Error("recording.log is closed");
    file_->write_at(offset, bytes);
}

void RecordingLog::force() {
    if (planted(Fault::recording_log_not_synced)) return;
    if (file_ != nullptr && file_sync_level_ > 0) file_->sync(file_sync_level_ > 1);
}

void RecordingLog::close() { file_.reset(); }

RecoveryPlan make_recovery_plan(const RecordingLog& recording_log, std::int32_t service_count,
                                const std::optional<LogRecordingExtent>& extent) {
    RecoveryPlan plan;
    plan.snapshots = recording_log.latest_snapshots(service_count);
    if (!plan.snapshots.empty()) {
        const auto& snapshot = plan.snapshots.front();
        plan.last_leadership_term_id = snapshot.leadership_term_id;
        plan.last_term_base_log_position = snapshot.term_base_log_position;
        plan.appended_log_position = snapshot.log_position;
        plan.committed_log_position = snapshot.log_position;
    }
    const auto* term = recording_log.find_last_term();
    if (term == nullptr || !extent) return plan;
    plan.log = RecoveryPlan::Log{
        .recording_id = extent->recording_id,
        .leadership_term_id = term->leadership_term_id,
        .term_base_log_position = term->term_base_log_position,
        .log_position = term->log_position,
        .start_position =
            plan.snapshots.empty() ? extent->start_position : plan.snapshots.front().log_position,
        .stop_position = extent->stop_position,
        .initial_term_id = extent->initial_term_id,
        .term_buffer_length = extent->term_buffer_length,
        .mtu_length = extent->mtu_length,
        .session_id = extent->session_id,
    };
    plan.last_leadership_term_id = term->leadership_term_id;
    plan.last_term_base_log_position = term->term_base_log_position;
    plan.appended_log_position = extent->stop_position;
    if (term->log_position != kNullPosition) plan.committed_log_position = term->log_position;
    return plan;
}

}  // namespace tern::cluster
