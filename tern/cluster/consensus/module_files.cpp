#include "tern/cluster/consensus/module_files.hpp"

#include <fmt/format.h>

#include "tern/base/timestamp.hpp"
#include "tern/client/context.hpp"

namespace tern::cluster {

namespace {

std::string resolved(platform::Storage& storage, const std::string& directory) {
    storage.create_directories(directory, platform::Visibility::shared);
    return storage.absolute(directory);
}

void write_text(platform::Storage& storage, const std::string& path, std::string_view text) {
    auto file = storage.create(path, {.exclusive = false});
    file->write_at(0, as_bytes(text));
}

memory::ClusterMarkFields mark_fields(const ConsensusModuleContext& ctx,
                                      platform::Platform platform,
                                      const std::string& cluster_directory) {
    return {.archive_stream_id = ctx.archive.control_request_stream_id,
            .service_stream_id = ctx.service_stream_id,
            .consensus_module_stream_id = ctx.consensus_module_stream_id,
            .ingress_stream_id = ctx.ingress_stream_id,
            .member_id = ctx.member_id,
            .service_id = kConsensusModuleServiceId,
            .cluster_id = ctx.cluster_id,
            .aeron_directory = ctx.aeron_directory.empty()
                                   ? client::default_aeron_directory(platform)
                                   : ctx.aeron_directory,
            .control_channel = ctx.control_channel,
            .ingress_channel = ctx.ingress_channel,
            .service_name = {},
            .authenticator = ctx.authenticator_name,
            .services_cluster_directory = ctx.services_directory.empty()
                                              ? cluster_directory
                                              : platform.storage.absolute(ctx.services_directory)};
}

}  // namespace

ModuleFiles::ModuleFiles(const ConsensusModuleContext& context, platform::Platform platform,
                         std::int32_t file_page_size)
    : platform_(platform) {
    auto& storage = platform_.storage;
    if (context.delete_directory_on_start) storage.remove_all(context.cluster_directory);
    cluster_directory_ = resolved(storage, context.cluster_directory);
    mark_file_directory_ = context.mark_file_directory.empty()
                               ? cluster_directory_
                               : resolved(storage, context.mark_file_directory);
    const auto now_ms = platform_.clock.epoch_ms();
    mark_file_.emplace(memory::ClusterMarkFile::acquire(
        storage, memory::ClusterComponent::consensus_module,
        {.path = platform::join_path(mark_file_directory_, memory::kClusterMarkFileName),
         .error_log_length = context.error_buffer_length,
         .file_page_size = file_page_size,
         .now_epoch_ms = now_ms,
         .pid = platform_.system.process_id(),
         .system = &platform_.system},
        mark_fields(context, platform_, cluster_directory_)));
    if (!mark_file_->previous_errors().empty()) {
        write_text(storage,
                   platform::join_path(
                       mark_file_directory_,
                       fmt::format("{}-{}-error.log", memory::to_string(mark_file_->component()),
                                   format_file_timestamp(now_ms))),
                   mark_file_->previous_errors());
    }
    write_link_file();
    error_log_.emplace(mark_file_->error_log());
    node_state_.emplace(storage, cluster_directory_, context.file_sync_level);
    migrate_candidate_term();
    recording_log_.emplace(storage, cluster_directory_, RecordingLog::Open::create_or_read_write,
                           context.file_sync_level);
}

void ModuleFiles::write_link_file() {
    auto& storage = platform_.storage;
    const auto link = platform::join_path(cluster_directory_, memory::kClusterMarkLinkName);
    if (mark_file_directory_ == cluster_directory_) {
        storage.remove(link);
    } else {
        write_text(storage, link, mark_file_directory_);
    }
}

/// CLF-10.6: older members kept their vote in the mark file.
void ModuleFiles::migrate_candidate_term() {
    const auto legacy = mark_file_->candidate_term_id();
    if (node_state_->candidate_term_id() == -1 && legacy != -1) {
        node_state_->update(legacy, kNullPosition, platform_.clock.epoch_ms());
    }
}

void ModuleFiles::signal_ready() { mark_file_->signal_ready(platform_.clock.epoch_ms()); }

void ModuleFiles::update_activity() {
    if (mark_file_) mark_file_->update_activity(platform_.clock.epoch_ms());
}

void ModuleFiles::record(const std::exception& error) {
    if (error_log_) error_log_->record(platform_.clock.epoch_ms(), error);
}

void ModuleFiles::close() noexcept {
    recording_log_.reset();
    node_state_.reset();
    error_log_.reset();
    mark_file_.reset();  // says that this is the end
}

}  // namespace tern::cluster
