#pragma once
// Settings of a service container, with upstream's names, defaults and checks (CLF-15.3, CST-2.1).
//
// Plain data: fill it, or take it from properties, and hand it to ServiceContainer, which
// validates. Durations in ns, lengths in bytes. Thread safety: none.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/base/error.hpp"
#include "tern/base/properties.hpp"
#include "tern/cluster/cluster_types.hpp"
#include "tern/cluster/service/clustered_service.hpp"

namespace tern::cluster {

struct ServiceContainerContext {
    // Who this is.
    std::int32_t cluster_id = 0;
    std::int32_t service_id = 0;
    std::string service_name;  ///< empty: "clustered-service-<clusterId>-<serviceId>"
    std::int32_t app_version = kDefaultAppVersion;

    // Where things are.
    std::string aeron_directory;  ///< of the driver; empty: the client's default
    std::string cluster_directory = "aeron-cluster";
    std::string mark_file_directory;  ///< empty: the cluster directory
    std::int32_t error_buffer_length = 1024 * 1024;

    // Channels (CLF-16).
    std::string replay_channel{kReplayChannel};
    std::int32_t replay_stream_id = kReplayStreamId;
    std::string control_channel{kControlChannel};
    std::int32_t service_stream_id = kServiceStreamId;
    std::int32_t consensus_module_stream_id = kConsensusModuleStreamId;
    std::string snapshot_channel{kSnapshotChannel};
    std::int32_t snapshot_stream_id = kServiceSnapshotStreamId;

    // Limits and times.
    std::int32_t log_fragment_limit = 50;
    bool is_responding_service = true;  ///< false: never opens publications to clients
    std::int64_t cycle_threshold_ns = 100'000'000;
    std::int64_t snapshot_threshold_ns = 1'000'000'000;
    std::string idle_strategy = "backoff";  ///< for whoever runs the agent
    /// How long on_close() may wait for the archive to take notice of an unfinished snapshot's end.
    std::int64_t close_timeout_ns = 10'000'000'000;

    /// The local archive's control sessions: one for each snapshot taken or loaded. Channels must
    /// be IPC; aliases, client name and error handler are filled in. Response stream 0:
    /// clusterId * 100 + 121 + serviceId.
    archive::ArchiveClientContext archive;

    /// Required.
    std::shared_ptr<ClusteredService> service;

    // Collaborators, may be empty.
    ErrorHandler error_handler;              ///< besides the error log in the mark file
    std::function<void()> termination_hook;  ///< run once when the container ends itself
    /// What Cluster::idle() and waiting in on_close() do first, with the work done since the last:
    /// where the node shares one thread, it must give the other agents a chance to run. Empty:
    /// the idle strategy (they have threads of their own).
    std::function<void(int work_count)> idle;
    /// An Aeron client in invoker mode to be used and not closed; empty: the container connects its
    /// own and closes it. A given one must be driven by this container alone while it runs.
    std::shared_ptr<client::Aeron> aeron;

    /// Reads `aeron.cluster.*` and the settings shared with driver and archive.
    [[nodiscard]] static ServiceContainerContext from_properties(const Properties& properties);

    /// Throws ConfigurationError. Also fills in what has a derived default.
    void conclude();

    [[nodiscard]] std::string name() const;  ///< service_name or its default
};

}  // namespace tern::cluster
