#pragma once
// Everything that can be configured about a media driver (DRV-4.3), with upstream's defaults.
//
// A plain value: filled by hand, or from properties by driver_context_from (configuration.hpp),
// checked once by MediaDriver::launch, constant from then on. Durations are nanoseconds, lengths
// bytes, unless the name says otherwise.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/base/error.hpp"
#include "tern/driver/cubic_congestion_control.hpp"
#include "tern/driver/loss_rules.hpp"

namespace tern::driver {

/// Which agents share a thread (DRV-3.1).
enum class ThreadingMode : std::uint8_t {
    dedicated,       ///< conductor, sender and receiver each have their own
    shared_network,  ///< conductor; sender and receiver together
    shared,          ///< all on one
    invoker,         ///< none: the caller drives the agents
};
[[nodiscard]] std::string_view to_string(ThreadingMode mode) noexcept;  ///< "SHARED_NETWORK", ...

/// Whether a receiver counts itself as one of a group when the URI does not say.
enum class GroupConsideration : std::uint8_t { infer, yes, no };

/// A strategy of platform::make_idle_strategy and its options.
struct IdleStrategyChoice {
    std::string name = "backoff";
    std::string options = {};
};

struct WildcardPortRange {
    std::uint16_t low = 0;
    std::uint16_t high = 0;  ///< both 0: the system chooses
};

/// How host names become addresses (DRV-14).
struct NameResolution {
    /// "default": the system's resolver; "csv_table": a table first; "driver": what other drivers
    /// tell first; empty: "driver" where an interface is set, else "default".
    std::string supplier = {};
    std::string csv_table = {};            ///< "name,initialHost,reResolutionHost|..."
    std::string name = {};                 ///< of this driver
    std::string interface = {};            ///< "host:port" on which drivers tell each other names
    std::string bootstrap_neighbors = {};  ///< "host:port,...", at most kMaxBootstrapNeighbors
    std::int64_t neighbor_timeout_ns = 10'000'000'000;
    std::int64_t self_interval_ns = 1'000'000'000;
    std::int64_t neighbor_interval_ns = 2'000'000'000;
    std::int64_t bootstrap_interval_ns = 10'000'000'000;

    [[nodiscard]] bool uses_table() const { return supplier == "csv_table"; }
    [[nodiscard]] bool uses_drivers() const {
        return supplier == "driver" || (supplier.empty() && !interface.empty());
    }
};
inline constexpr std::size_t kMaxBootstrapNeighbors = 20;

struct DriverContext {
    // Directory and process.
    std::string aeron_directory = {};  ///< empty: default_aeron_directory()
    bool warn_if_directory_exists = false;
    bool delete_directory_on_start = false;  ///< without looking whether a driver uses it
    bool delete_directory_on_shutdown = false;
    std::int64_t driver_timeout_ms = 10'000;
    bool print_configuration = false;
    /// Decides on a client's TERMINATE_DRIVER by its token; empty: refuse (DRV-10.6).
    std::function<bool(ConstBytes token)> termination_validator = {};
    /// Called on the conductor's thread when the validator agreed.
    std::function<void()> termination_hook = {};
    /// Sees every error after it was written to the distinct error log; may be empty. Called on
    /// the thread of the agent that met it.
    ErrorHandler error_handler = {};

    // Threads.
    ThreadingMode threading_mode = ThreadingMode::shared;
    /// No threads are started: the owner gives MediaDriver::agents() their turns, as many agents as
    /// the threading mode has threads. Not with ThreadingMode::invoker.
    bool is_owner_driven = false;
    IdleStrategyChoice conductor_idle_strategy = {};
    IdleStrategyChoice sender_idle_strategy = {};
    IdleStrategyChoice receiver_idle_strategy = {};
    IdleStrategyChoice shared_network_idle_strategy = {};
    IdleStrategyChoice shared_idle_strategy = {};
    int conductor_cpu_affinity = -1;
    int sender_cpu_affinity = -1;
    int receiver_cpu_affinity = -1;
    std::int64_t conductor_cycle_threshold_ns = 100'000'000;
    std::int64_t sender_cycle_threshold_ns = 100'000'000;
    std::int64_t receiver_cycle_threshold_ns = 100'000'000;
    std::int64_t name_resolver_threshold_ns = 5'000'000'000;

    // CnC file, log files.
    std::int32_t to_driver_buffer_length = (1 << 20) + 768;
    std::int32_t to_clients_buffer_length = (1 << 20) + 128;
    std::int32_t counters_values_buffer_length = 8 << 20;
    std::int32_t error_buffer_length = 4 << 20;
    std::int32_t loss_report_buffer_length = 1 << 20;
    std::int32_t file_page_size = 4096;
    bool term_buffer_sparse_file = true;
    bool perform_storage_checks = true;
    std::int64_t low_file_store_warning_threshold = 160 << 20;
    std::int32_t resource_free_limit = 1;  ///< log files per tick whose deletion is tried again

    // Timing of resources.
    std::int64_t timer_interval_ns = 1'000'000'000;
    std::int64_t client_liveness_timeout_ns = 10'000'000'000;
    std::int64_t publication_unblock_timeout_ns = 15'000'000'000;
    std::int64_t publication_connection_timeout_ns = 5'000'000'000;
    std::int64_t publication_linger_timeout_ns = 5'000'000'000;
    std::int64_t image_liveness_timeout_ns = 10'000'000'000;
    std::int64_t untethered_window_limit_timeout_ns = 5'000'000'000;
    std::int64_t untethered_linger_timeout_ns = -1;  ///< -1: as the window limit timeout
    std::int64_t untethered_resting_timeout_ns = 10'000'000'000;
    std::int64_t counters_free_to_reuse_timeout_ns = 1'000'000'000;

    // Publications and subscriptions.
    std::int32_t term_buffer_length = 16 << 20;
    std::int32_t ipc_term_buffer_length = 64 << 20;
    std::int32_t mtu_length = 1408;
    std::int32_t ipc_mtu_length = 1408;
    std::int32_t publication_window_length = 0;  ///< 0: half a term
    std::int32_t ipc_publication_window_length = 0;
    std::int32_t reserved_session_id_low = -1;
    std::int32_t reserved_session_id_high = 1000;
    bool spies_simulate_connection = false;
    bool reliable_stream = true;
    bool tether_subscriptions = true;
    bool rejoin_stream = true;
    GroupConsideration receiver_group_consideration = GroupConsideration::infer;
    std::int32_t stream_session_limit = INT32_MAX;  ///< images per stream and endpoint

    // Network.
    std::int32_t socket_rcvbuf_length = 128 << 10;  ///< 0: the system's default
    std::int32_t socket_sndbuf_length = 0;          ///< 0: the system's default
    std::uint8_t multicast_ttl = 0;                 ///< 0: the system's default
    std::int32_t initial_window_length = 128 << 10;
    std::int64_t status_message_timeout_ns = 200'000'000;
    std::int32_t send_to_status_poll_ratio = 6;
    std::int32_t nak_multicast_group_size = 10;
    std::int64_t nak_multicast_max_backoff_ns = 10'000'000;
    std::int64_t nak_unicast_delay_ns = 1'000;
    std::int64_t nak_unicast_retry_delay_ratio = 100;
    std::int32_t max_resend = 16;
    std::int64_t retransmit_unicast_delay_ns = 0;
    std::int64_t retransmit_unicast_linger_ns = 10'000'000;
    std::string unicast_flow_control = "max";    ///< as the URI's `fc`
    std::string multicast_flow_control = "max";  ///< as the URI's `fc`
    std::int64_t flow_control_receiver_timeout_ns = 5'000'000'000;
    std::int64_t flow_control_group_tag = -1;
    std::int32_t flow_control_group_min_size = 0;
    std::int32_t unicast_retransmit_window_multiple = 16;
    std::int32_t multicast_retransmit_window_multiple = 4;
    std::string congestion_control = "static";  ///< as the URI's `cc`, which goes before it
    CubicOptions cubic = {};
    std::optional<std::int64_t> receiver_group_tag = {};
    bool connect_enabled = true;  ///< connect() the sockets that send to one destination
    // Datagrams at a time; 0: ours, which suit segmentation offload. Upstream's default is 4.
    std::int32_t receiver_io_vector_capacity = 0;  ///< from a socket and duty cycle
    std::int32_t sender_io_vector_capacity = 0;    ///< control frames, as above
    std::int32_t max_messages_per_send = 0;        ///< of a publication and duty cycle
    WildcardPortRange sender_wildcard_port_range = {};
    WildcardPortRange receiver_wildcard_port_range = {};
    LossConfig incoming_loss = {};  ///< datagrams that are lost on purpose
    std::int64_t re_resolution_check_interval_ns = 1'000'000'000;  ///< 0: never
    NameResolution name_resolution = {};
};

/// Throws ConfigurationError, naming the setting, when the context cannot work (DRV-2.6, DRV-4.4).
void check_context(const DriverContext& context);

}  // namespace tern::driver
