#pragma once
// All images of a driver, and the endpoints that they arrive on (DRV-8.4 to 8.7, DRV-11.3, 11.4).
//
// Thread safety: the conductor's thread only.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tern/driver/agent_requests.hpp"
#include "tern/driver/driver_services.hpp"
#include "tern/driver/ipc_streams.hpp"
#include "tern/driver/publication_image.hpp"
#include "tern/driver/receive_endpoints.hpp"
#include "tern/driver/stream_linker.hpp"
#include "tern/memory/loss_report.hpp"

namespace tern::driver {

struct ImageStream {
    Stream stream;
    ReceiveEndpoint* endpoint = nullptr;  ///< null once the image is unavailable
    std::unique_ptr<platform::Mapping> mapping;
    PublicationImageCounters counters;
    memory::Counter cubic_rtt;     ///< null unless cc=cubic
    memory::Counter cubic_window;  ///< null unless cc=cubic
    std::unique_ptr<PublicationImage> image;
    std::string channel;  ///< of the first subscription, for the loss report
    std::optional<memory::LossReportEntry> loss_entry;
    bool is_finished = false;
    std::atomic<bool> is_released{false};  ///< by the receiver
};

class ImageStreams {
  public:
    ImageStreams(const DriverServices& services, const AgentProxies& agents, StreamLinker& linker,
                 memory::LossReport& loss_report)
        : services_(services),
          agents_(agents),
          linker_(linker),
          loss_report_(loss_report),
          endpoints_(services, agents) {}

    [[nodiscard]] ReceiveEndpoints& endpoints() noexcept { return endpoints_; }

    /// Executes a request of the receiver. Throws Error; the receiver has then been told that no
    /// image will come.
    void create(const CreateImageRequest& request, const Subscriptions& subscriptions,
                std::int64_t now_ns);

    /// Links the network subscription to existing images.
    void link(Subscription& subscription, std::int64_t now_ns);
    void unlink(const Subscription& subscription);
    [[nodiscard]] ImageStream* find(std::int64_t correlation_id) noexcept;
    void reject(ImageStream& stream, std::string_view reason);

    /// Resolves the control address again; tells the receiver when it has changed.
    void re_resolve(const ReResolveControlRequest& request);

    int track_rebuild(std::int64_t now_ns);
    void on_time_event(std::int64_t now_ns);
    /// As of SendEndpoints.
    void note_released() { endpoints_.note_released(); }
    int destroy_released();
    void close();

  private:
    using Matches = std::vector<Subscription*>;

    [[nodiscard]] bool has_live_image(const ReceiveEndpoint& endpoint,
                                      const wire::SetupFrame& setup) const;
    void check_session_limit(const ReceiveEndpoint& endpoint, std::int32_t stream_id) const;
    void check_setup(const ReceiveEndpoint& endpoint, const wire::SetupFrame& setup) const;
    [[nodiscard]] std::int32_t window_length(const ReceiveEndpoint& endpoint) const;
    void build(ImageStream& stream, const CreateImageRequest& request, const Matches& matches,
               std::int64_t now_ns);
    [[nodiscard]] logbuffer::LogParameters log_parameters(const ImageStream& stream,
                                                          const wire::SetupFrame& setup,
                                                          const Subscription& first, bool is_sparse,
                                                          bool is_group) const;
    void allocate_counters(ImageStream& stream, const Subscription& first);
    [[nodiscard]] std::unique_ptr<CongestionControl> make_congestion_control(
        ImageStream& stream, const wire::SetupFrame& setup);
    void cancel_init(const CreateImageRequest& request);
    void make_unavailable(ImageStream& stream);
    void record_loss(ImageStream& stream, std::int64_t bytes);
    [[nodiscard]] static WorkingPositions working(const ImageStream& stream);
    void free(ImageStream& stream);

    const DriverServices& services_;
    AgentProxies agents_;
    StreamLinker& linker_;
    memory::LossReport& loss_report_;
    ReceiveEndpoints endpoints_;
    std::vector<std::unique_ptr<ImageStream>> streams_;
};

}  // namespace tern::driver
