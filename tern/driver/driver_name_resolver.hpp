#pragma once
// Names that drivers tell each other by RES frames (DRV-14.4, TRN-1.12).
//
// Each driver has a name and a socket for this. It announces itself to its bootstrap neighbours and
// to every neighbour that it knows, and passes on what it has heard from others; so a name becomes
// known wherever there is a way. What nobody has confirmed for the neighbour timeout is forgotten.
//
// Thread safety: the conductor's thread only.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tern/driver/name_resolver.hpp"
#include "tern/driver/resolver_tables.hpp"
#include "tern/wire/resolution_frames.hpp"

namespace tern::driver {

class DriverNames final : public NameResolver {
  public:
    /// Binds the socket and looks up the bootstrap neighbours. `others` resolves unknown names.
    /// Throws Error when the interface cannot be bound, ConfigurationError when it, or a bootstrap
    /// neighbour, is not "host:port".
    DriverNames(const NameResolverServices& services, std::unique_ptr<NameResolver> others);

    [[nodiscard]] Result resolve(std::string_view host, std::uint16_t port) override;
    int do_work(std::int64_t now_ns) override;

    [[nodiscard]] const platform::SocketAddress& address() const noexcept { return address_; }
    [[nodiscard]] const ResolverNeighbors& neighbors() const noexcept { return neighbors_; }
    [[nodiscard]] const ResolverCache& cache() const noexcept { return cache_; }

  private:
    static constexpr std::size_t kBatch = 16;  ///< datagrams per cycle

    struct Bootstrap {
        std::string text;                  ///< "host:port"
        platform::SocketAddress resolved;  ///< empty while it cannot be resolved
        memory::Counter is_neighbor;
    };

    void open_socket();
    void add_bootstraps(std::string_view list);
    void allocate_counters();
    int receive(std::int64_t now_ns);
    void on_datagram(const platform::Datagram& datagram, std::int64_t now_ns);
    void on_entry(const wire::ResolutionEntry& entry, const platform::SocketAddress& source,
                  std::int64_t now_ns);
    void send_self(std::int64_t now_ns);
    void send_neighbors(std::int64_t now_ns);
    void send_to_neighbors(ConstBytes frame, std::string_view what);
    void send(ConstBytes frame, const platform::SocketAddress& to, std::string_view what);
    void resolve_bootstraps();
    void publish_counts();
    [[nodiscard]] bool is_bootstrap(const platform::SocketAddress& address) const;
    [[nodiscard]] std::string bootstrap_label(const Bootstrap& bootstrap) const;

    const NameResolverServices services_;
    const NameResolution& options_;
    std::unique_ptr<NameResolver> others_;
    std::unique_ptr<platform::UdpSocket> socket_;
    platform::SocketAddress address_;
    ResolverNeighbors neighbors_;
    ResolverCache cache_;
    std::vector<Bootstrap> bootstraps_;
    memory::Counter neighbor_count_;
    memory::Counter cache_count_;
    std::vector<std::byte> frame_;  // one MTU
    std::array<platform::Datagram, kBatch> received_;
    std::int64_t cycle_deadline_ns_;
    std::int64_t self_deadline_ns_;
    std::int64_t neighbor_deadline_ns_;
    std::int64_t bootstrap_deadline_ns_;
};

}  // namespace tern::driver
