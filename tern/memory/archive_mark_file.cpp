#include "tern/memory/archive_mark_file.hpp"

#include <utility>

namespace tern::memory {

namespace {

constexpr std::size_t kControlStreamIdOffset = 40;
constexpr std::size_t kLocalControlStreamIdOffset = 44;
constexpr std::size_t kEventsStreamIdOffset = 48;
constexpr std::size_t kHeaderLengthOffset = 52;
constexpr std::size_t kErrorLogLengthOffset = 56;
constexpr std::size_t kArchiveIdOffset = 64;

constexpr MarkFileFormat kFormat{.schema_id = 100,
                                 .version = kArchiveStorageVersion,
                                 .start_failed_version = kArchiveStorageVersion,
                                 .accepts_unready = false,
                                 .header_length_offset = kHeaderLengthOffset,
                                 .error_log_length_offset = kErrorLogLengthOffset};

}  // namespace

ArchiveMarkFile ArchiveMarkFile::acquire(platform::Storage& storage,
                                         const MarkFileAcquisition& acquisition,
                                         const ArchiveMarkFields& fields) {
    ArchiveMarkFile file(MarkFile::acquire(storage, kFormat, acquisition));
    file.set_field(kControlStreamIdOffset, fields.control_stream_id);
    file.set_field(kLocalControlStreamIdOffset, fields.local_control_stream_id);
    file.set_field(kEventsStreamIdOffset, fields.events_stream_id);
    file.set_field(kArchiveIdOffset, fields.archive_id);
    StringWriter strings(file);
    strings.put(fields.control_channel);
    strings.put(fields.local_control_channel);
    strings.put(fields.events_channel);
    strings.put(fields.aeron_directory);
    return file;
}

ArchiveMarkFile ArchiveMarkFile::open(platform::Storage& storage, const std::string& path) {
    return ArchiveMarkFile(MarkFile::open_read_only(storage, kFormat, path));
}

ArchiveMarkFields ArchiveMarkFile::fields() const {
    ArchiveMarkFields fields;
    fields.archive_id = field<std::int64_t>(kArchiveIdOffset);
    fields.control_stream_id = field<std::int32_t>(kControlStreamIdOffset);
    fields.local_control_stream_id = field<std::int32_t>(kLocalControlStreamIdOffset);
    fields.events_stream_id = field<std::int32_t>(kEventsStreamIdOffset);
    StringReader strings(*this);
    fields.control_channel = strings.take();
    fields.local_control_channel = strings.take();
    fields.events_channel = strings.take();
    fields.aeron_directory = strings.take();
    return fields;
}

void ArchiveMarkFile::set_archive_id(std::int64_t archive_id) noexcept {
    set_field(kArchiveIdOffset, archive_id);
}

}  // namespace tern::memory
