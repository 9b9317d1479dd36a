#include "tern/memory/cluster_mark_file.hpp"

#include <fmt/format.h>

#include <utility>

namespace tern::memory {

namespace {

constexpr std::size_t kComponentOffset = 12;
constexpr std::size_t kCandidateTermIdOffset = 40;
constexpr std::size_t kArchiveStreamIdOffset = 48;
constexpr std::size_t kServiceStreamIdOffset = 52;
constexpr std::size_t kConsensusModuleStreamIdOffset = 56;
constexpr std::size_t kIngressStreamIdOffset = 60;
constexpr std::size_t kMemberIdOffset = 64;
constexpr std::size_t kServiceIdOffset = 68;
constexpr std::size_t kHeaderLengthOffset = 72;
constexpr std::size_t kErrorLogLengthOffset = 76;
constexpr std::size_t kClusterIdOffset = 80;

constexpr std::int32_t kStartFailed = -1;
constexpr std::int64_t kNoCandidateTermId = -1;

constexpr MarkFileFormat kFormat{.schema_id = 110,
                                 .version = kClusterMarkFileVersion,
                                 .start_failed_version = kStartFailed,
                                 .accepts_unready = true,
                                 .header_length_offset = kHeaderLengthOffset,
                                 .error_log_length_offset = kErrorLogLengthOffset};

/// Whether a component may use the file that another kind of component has left.
bool may_follow(ClusterComponent component, ClusterComponent previous) noexcept {
    return previous == ClusterComponent::unknown || previous == component ||
           (previous == ClusterComponent::backup &&
            component == ClusterComponent::consensus_module);
}

}  // namespace

std::string service_mark_file_name(std::int32_t service_id) {
    return fmt::format("cluster-mark-service-{}.dat", service_id);
}

std::string service_mark_link_name(std::int32_t service_id) {
    return fmt::format("cluster-mark-service-{}.lnk", service_id);
}

std::string_view to_string(ClusterComponent component) noexcept {
    switch (component) {
        case ClusterComponent::consensus_module:
            return "CONSENSUS_MODULE";
        case ClusterComponent::container:
            return "CONTAINER";
        case ClusterComponent::backup:
            return "BACKUP";
        case ClusterComponent::standby:
            return "STANDBY";
        default:
            return "UNKNOWN";
    }
}

ClusterMarkFile ClusterMarkFile::acquire(platform::Storage& storage, ClusterComponent component,
                                         const MarkFileAcquisition& acquisition,
                                         const ClusterMarkFields& fields) {
    // Before the file is touched, so that a refusal leaves it as it was.
    std::int64_t candidate_term_id = kNoCandidateTermId;
    if (storage.exists(acquisition.path) &&
        storage.file_size(acquisition.path) >= kMarkHeaderLength) {
        const ClusterMarkFile previous = open(storage, acquisition.path);
        if (!may_follow(component, previous.component())) {
            throw Error(fmt::format(
                "existing Mark file type {} not same as required type {}: {}; if "
                "nothing runs in this directory, delete the file",
                to_string(previous.component()), to_string(component), acquisition.path));
        }
        candidate_term_id = previous.candidate_term_id();
    }

    ClusterMarkFile file(MarkFile::acquire(storage, kFormat, acquisition));
    file.set_field(kComponentOffset, component);
    file.set_field(kCandidateTermIdOffset, candidate_term_id);
    file.set_field(kArchiveStreamIdOffset, fields.archive_stream_id);
    file.set_field(kServiceStreamIdOffset, fields.service_stream_id);
    file.set_field(kConsensusModuleStreamIdOffset, fields.consensus_module_stream_id);
    file.set_field(kIngressStreamIdOffset, fields.ingress_stream_id);
    file.set_field(kMemberIdOffset, fields.member_id);
    file.set_field(kServiceIdOffset, fields.service_id);
    file.set_field(kClusterIdOffset, fields.cluster_id);
    StringWriter strings(file);
    strings.put(fields.aeron_directory);
    strings.put(fields.control_channel);
    strings.put(fields.ingress_channel);
    strings.put(fields.service_name);
    strings.put(fields.authenticator);
    strings.put(fields.services_cluster_directory);
    return file;
}

ClusterMarkFile ClusterMarkFile::open(platform::Storage& storage, const std::string& path) {
    return ClusterMarkFile(MarkFile::open_read_only(storage, kFormat, path));
}

ClusterMarkFields ClusterMarkFile::fields() const {
    ClusterMarkFields fields;
    fields.archive_stream_id = field<std::int32_t>(kArchiveStreamIdOffset);
    fields.service_stream_id = field<std::int32_t>(kServiceStreamIdOffset);
    fields.consensus_module_stream_id = field<std::int32_t>(kConsensusModuleStreamIdOffset);
    fields.ingress_stream_id = field<std::int32_t>(kIngressStreamIdOffset);
    fields.member_id = field<std::int32_t>(kMemberIdOffset);
    fields.service_id = field<std::int32_t>(kServiceIdOffset);
    fields.cluster_id = field<std::int32_t>(kClusterIdOffset);
    StringReader strings(*this);
    fields.aeron_directory = strings.take();
    fields.control_channel = strings.take();
    fields.ingress_channel = strings.take();
    fields.service_name = strings.take();
    fields.authenticator = strings.take();
    fields.services_cluster_directory = strings.take();
    return fields;
}

ClusterComponent ClusterMarkFile::component() const noexcept {
    return static_cast<ClusterComponent>(field<std::int32_t>(kComponentOffset));
}

std::int64_t ClusterMarkFile::candidate_term_id() const noexcept {
    return field<std::int64_t>(kCandidateTermIdOffset);
}

void ClusterMarkFile::set_member_id(std::int32_t member_id) noexcept {
    set_field(kMemberIdOffset, member_id);
}

}  // namespace tern::memory
