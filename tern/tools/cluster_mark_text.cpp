#include "tern/tools/cluster_mark_text.hpp"

#include <fmt/format.h>

#include <iterator>

#include "tern/memory/distinct_error_log.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {

using nlohmann::ordered_json;

namespace {

/// A value of the message header: "2", or "3/2" when the writer's differs from ours.
std::string written(int in_file, int ours) {
    return in_file == ours ? fmt::format("{}", ours) : fmt::format("{}/{}", in_file, ours);
}

/// As printable(), but lines stay lines: error texts have several.
std::string printable_lines(std::string_view text) {
    std::string safe(text);
    for (char& c : safe) {
        const bool is_control = (c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == 0x7f;
        if (is_control) c = '?';
    }
    return safe;
}

}  // namespace

std::string type_line(const memory::ClusterMarkFile& mark, std::int64_t now_ms) {
    return fmt::format("Type: {} {} (start: {}, activity: {})", memory::to_string(mark.component()),
                       format_time(now_ms), format_date_time(mark.start_timestamp_ms()),
                       format_date_time(mark.activity_timestamp_ms()));
}

std::string header_line(const memory::ClusterMarkFile& mark) {
    const auto fields = mark.fields();
    return fmt::format(
        "[MarkFileHeader](sbeTemplateId={}|sbeSchemaId=110|sbeSchemaVersion={}|sbeBlockLength={}):"
        "version={}|componentType={}|activityTimestamp={}|startTimestamp={}|pid={}|"
        "candidateTermId={}|archiveStreamId={}|serviceStreamId={}|consensusModuleStreamId={}|"
        "ingressStreamId={}|memberId={}|serviceId={}|headerLength={}|errorBufferLength={}|"
        "clusterId={}|aeronDirectory='{}'|controlChannel='{}'|ingressChannel='{}'|"
        "serviceName='{}'|authenticator='{}'|servicesClusterDir='{}'",
        memory::kMarkTemplateId, written(mark.written_schema_version(), memory::kMarkSchemaVersion),
        written(mark.written_block_length(), memory::kMarkBlockLength), mark.version(),
        memory::to_string(mark.component()), mark.activity_timestamp_ms(),
        mark.start_timestamp_ms(), mark.pid(), mark.candidate_term_id(), fields.archive_stream_id,
        fields.service_stream_id, fields.consensus_module_stream_id, fields.ingress_stream_id,
        fields.member_id, fields.service_id, mark.header_length(), mark.error_log_length(),
        fields.cluster_id, printable(fields.aeron_directory), printable(fields.control_channel),
        printable(fields.ingress_channel), printable(fields.service_name),
        printable(fields.authenticator), printable(fields.services_cluster_directory));
}

ordered_json to_json(const memory::ClusterMarkFile& mark) {
    const auto fields = mark.fields();
    return {{"mark_file", mark.path()},
            {"component", memory::to_string(mark.component())},
            {"version", mark.version()},
            {"activity_timestamp_ms", mark.activity_timestamp_ms()},
            {"start_timestamp_ms", mark.start_timestamp_ms()},
            {"pid", mark.pid()},
            {"cluster_id", fields.cluster_id},
            {"member_id", fields.member_id},
            {"service_id", fields.service_id},
            {"archive_stream_id", fields.archive_stream_id},
            {"service_stream_id", fields.service_stream_id},
            {"consensus_module_stream_id", fields.consensus_module_stream_id},
            {"ingress_stream_id", fields.ingress_stream_id},
            {"aeron_directory", fields.aeron_directory},
            {"control_channel", fields.control_channel},
            {"ingress_channel", fields.ingress_channel},
            {"service_name", fields.service_name},
            {"authenticator", fields.authenticator},
            {"services_cluster_directory", fields.services_cluster_directory}};
}

std::string errors_text(ConstBytes error_log) {
    std::string text;
    memory::for_each_error(error_log, INT64_MIN, [&](const memory::ErrorObservation& error) {
        fmt::format_to(std::back_inserter(text), "\n{} observations from {} to {} for:\n{}\n",
                       error.count, format_date(error.first_epoch_ms),
                       format_date(error.last_epoch_ms), printable_lines(error.text));
    });
    return text;
}

ordered_json errors_json(ConstBytes error_log) {
    auto errors = ordered_json::array();
    memory::for_each_error(error_log, INT64_MIN, [&](const memory::ErrorObservation& error) {
        errors.push_back({{"count", error.count},
                          {"first_timestamp_ms", error.first_epoch_ms},
                          {"last_timestamp_ms", error.last_epoch_ms},
                          {"text", std::string(error.text)}});
    });
    return errors;
}

}  // namespace tern::tools
