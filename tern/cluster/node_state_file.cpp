#include "tern/cluster/node_state_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/base/atomic.hpp"
#include "tern/base/error.hpp"
#include "tern/base/math.hpp"
#include "tern/cluster/cluster_types.hpp"

namespace tern::cluster {

namespace {

constexpr std::int32_t kFileVersion = pack_version(0, 3, 0);
constexpr std::int64_t kFirstEntryOffset = 8;

// Entry header (16 bytes) and candidate term body (CLF-11).
constexpr std::int64_t kEntryHeaderLength = 16;
constexpr std::int64_t kTemplateIdOffset = 2;
constexpr std::int64_t kFrameLengthOffset = 8;
constexpr std::uint16_t kCandidateTermTemplate = 301;
constexpr std::uint16_t kFooterTemplate = 304;
constexpr std::uint16_t kSchemaId = 112;
constexpr std::uint16_t kSchemaVersion = 10;
constexpr std::uint16_t kCandidateTermLength = 24;
constexpr std::int64_t kCandidateTermIdOffset = 0;
constexpr std::int64_t kTimestampOffset = 8;
constexpr std::int64_t kLogPositionOffset = 16;

void write_entry_header(std::byte* at, std::uint16_t template_id, std::uint16_t block_length) {
    store(at, block_length);
    store(at + kTemplateIdOffset, template_id);
    store(at + 4, kSchemaId);
    store(at + 6, kSchemaVersion);
    store(at + kFrameLengthOffset, static_cast<std::int32_t>(kEntryHeaderLength + block_length));
    store(at + 12, std::int32_t{0});
}

/// A lost vote may be cast twice, so that nobody but the operator can say what to do.
[[noreturn]] void refuse(const std::string& path, std::string_view why) {
    throw Error(
        fmt::format("{}: {}; restore the file from a copy; a cluster of one member, which "
                    "votes with nobody, starts without it: delete it",
                    path, why));
}

}  // namespace

NodeStateFile::NodeStateFile(platform::Storage& storage, const std::string& directory,
                             std::int32_t file_sync_level)
    : file_sync_level_(file_sync_level) {
    const auto path = platform::join_path(directory, kNodeStateFileName);
    if (storage.exists(path)) {
        mapping_ = storage.open_mapped(path, platform::Access::read_write);
        locate_candidate_term();
    } else {
        mapping_ = storage.create_mapped(path, kNodeStateFileLength, {});
        initialise();
        storage.sync_directory(directory);
    }
}

void NodeStateFile::initialise() {
    auto* base = mapping_->bytes().data();
    candidate_term_offset_ = kFirstEntryOffset + kEntryHeaderLength;
    write_entry_header(base + kFirstEntryOffset, kCandidateTermTemplate, kCandidateTermLength);
    store(field(kCandidateTermIdOffset), std::int64_t{-1});
    store(field(kTimestampOffset), std::int64_t{-1});
    store(field(kLogPositionOffset), std::int64_t{-1});
    write_entry_header(base + candidate_term_offset_ + kCandidateTermLength, kFooterTemplate, 0);
    store_release(base, kFileVersion);  // last: a reader that sees it sees the entries
    mapping_->sync();
}

void NodeStateFile::locate_candidate_term() {
    const auto bytes = mapping_->bytes();
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (size < kFirstEntryOffset + kEntryHeaderLength) {
        refuse(mapping_->path(), fmt::format("{} bytes are too few", size));
    }
    const auto version = load_acquire<std::int32_t>(bytes.data());
    if (version_major(version) != version_major(kFileVersion)) {
        refuse(mapping_->path(),
               fmt::format("mark file major version {} does not match software: {}",
                           version_major(version), version_major(kFileVersion)));
    }
    bool has_footer = false;
    std::int64_t offset = kFirstEntryOffset;
    while (size - offset >= kEntryHeaderLength) {
        const auto* entry = bytes.data() + offset;
        const auto template_id = load<std::uint16_t>(entry + kTemplateIdOffset);
        const auto length = load<std::int32_t>(entry + kFrameLengthOffset);
        if (length < 0) {
            refuse(mapping_->path(), "Message length < 0, file corrupt?");
        }
        if (template_id == kFooterTemplate) has_footer = true;
        if (template_id == kFooterTemplate || length == 0) break;
        if (template_id == kCandidateTermTemplate && candidate_term_offset_ == 0 &&
            length >= kEntryHeaderLength + kCandidateTermLength && size - offset >= length) {
            candidate_term_offset_ = offset + kEntryHeaderLength;
        }
        offset += std::max<std::int64_t>(align_up<std::int64_t>(length, 8), kEntryHeaderLength);
    }
    if (!has_footer) {
        refuse(mapping_->path(), "failed to find NodeStateFooter entry, file corrupt?");
    }
    if (candidate_term_offset_ == 0) {
        refuse(mapping_->path(), "failed to find CandidateTerm entry");
    }
}

std::byte* NodeStateFile::field(std::int64_t offset) const {
    if (mapping_ == nullptr) throw Error("node state file is closed");
    return mapping_->bytes().data() + candidate_term_offset_ + offset;
}

std::int64_t NodeStateFile::candidate_term_id() const {
    return load_acquire<std::int64_t>(field(kCandidateTermIdOffset));  // pairs with update()
}

std::int64_t NodeStateFile::log_position() const {
    return load<std::int64_t>(field(kLogPositionOffset));
}

std::int64_t NodeStateFile::timestamp_ms() const {
    return load<std::int64_t>(field(kTimestampOffset));
}

void NodeStateFile::update(std::int64_t candidate_term_id, std::int64_t log_position,
                           std::int64_t timestamp_ms) {
    store(field(kLogPositionOffset), log_position);
    store(field(kTimestampOffset), timestamp_ms);
    store_release(field(kCandidateTermIdOffset), candidate_term_id);  // tools read it live
    if (file_sync_level_ > 0) mapping_->sync();
}

std::int64_t NodeStateFile::propose_max(std::int64_t candidate_term_id, std::int64_t log_position,
                                        std::int64_t timestamp_ms) {
    const auto stored = this->candidate_term_id();
    if (candidate_term_id <= stored) return stored;
    update(candidate_term_id, log_position, timestamp_ms);
    return candidate_term_id;
}

void NodeStateFile::close() { mapping_.reset(); }

}  // namespace tern::cluster
