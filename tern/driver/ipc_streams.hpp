#pragma once
// All IPC publications of a driver and what is linked to them (DRV-7.3, DRV-8.2, DRV-11.1).
//
// Thread safety: the conductor's thread only.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tern/driver/driver_services.hpp"
#include "tern/driver/ipc_publication.hpp"
#include "tern/driver/session_ids.hpp"
#include "tern/driver/stream_linker.hpp"
#include "tern/driver/stream_params.hpp"
#include "tern/wire/commands.hpp"

namespace tern::driver {

using Subscriptions = std::vector<std::unique_ptr<Subscription>>;

struct IpcStream {
    Stream stream;
    IpcPublication publication;
};

class IpcStreams {
  public:
    IpcStreams(const DriverServices& services, StreamLinker& linker, SessionIds& session_ids)
        : services_(services), linker_(linker), session_ids_(session_ids) {}

    /// The publication that the command asks for: an existing one where that is allowed, else a
    /// new one. No reference is taken. Throws Error; then nothing was created.
    [[nodiscard]] IpcStream& find_or_create(const wire::AddPublication& command,
                                            const PublicationParams& params, bool is_exclusive,
                                            std::int64_t now_ns);
    [[nodiscard]] IpcStream* find(std::int64_t registration_id) noexcept;
    [[nodiscard]] bool is_session_used(std::int32_t session_id, std::int32_t stream_id) const;

    /// Links the subscription where it matches and is accepted.
    void link(Subscription& subscription, std::int64_t now_ns);
    void link(IpcStream& stream, Subscription& subscription, std::int64_t now_ns);
    /// `announce`: the client is told that each image is gone.
    void unlink(const Subscription& subscription, bool announce);

    /// Ends all images of the stream; they come back after the cool-down (DRV-11.7).
    void reject(IpcStream& stream, std::int64_t now_ns);

    /// Once per duty cycle.
    int update_publisher_limits();
    /// Once per timer tick.
    void on_time_event(std::int64_t now_ns, const Subscriptions& subscriptions);
    /// Frees everything.
    void close();

  private:
    [[nodiscard]] IpcStream* find_reusable(std::int32_t stream_id,
                                           std::int64_t response_correlation_id) noexcept;
    [[nodiscard]] std::unique_ptr<IpcStream> create(const wire::AddPublication& command,
                                                    const PublicationParams& params,
                                                    bool is_exclusive, std::int64_t now_ns);
    [[nodiscard]] static WorkingPositions working(const IpcStream& stream);
    void on_time_event(IpcStream& stream, std::int64_t now_ns, const Subscriptions& subscriptions,
                       bool& is_finished);
    void free(IpcStream& stream);

    const DriverServices& services_;
    StreamLinker& linker_;
    SessionIds& session_ids_;
    std::vector<std::unique_ptr<IpcStream>> streams_;
};

/// The parts of a log's metadata that come from the parameters of a publication's channel and the
/// driver's configuration.
[[nodiscard]] logbuffer::LogParameters publication_log_parameters(
    const PublicationParams& params, const DriverContext& context,
    const platform::Network::BufferLimits& limits, const wire::AddPublication& command,
    std::int32_t session_id, bool is_exclusive, std::int32_t random_term_id);

}  // namespace tern::driver
