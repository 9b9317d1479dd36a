#include "tern/driver/driver_name_resolver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include "tern/driver/error_recorder.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::driver {
namespace {

using platform::SocketAddress;

constexpr std::int64_t kCycleNs = 10'000'000;
constexpr std::int64_t kNanosPerMilli = 1'000'000;

ConstBytes bytes_of(const SocketAddress& address) {
    const std::size_t length = address.family() == SocketAddress::Family::ipv6 ? 16 : 4;
    return std::as_bytes(std::span(address.bytes())).first(length);
}

SocketAddress address_of(const wire::ResolutionEntry& entry) {
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), entry.address.data(), entry.address.size());
    if (!entry.is_ipv4()) return SocketAddress::ipv6(bytes, entry.udp_port);
    return SocketAddress::ipv4({bytes[0], bytes[1], bytes[2], bytes[3]}, entry.udp_port);
}

HostAndPort split(std::string_view setting, std::string_view text) {
    const auto parts = split_host_and_port(text);
    if (parts) return *parts;
    throw ConfigurationError(
        fmt::format("{}={}: {}, expected host:port", setting, text, parts.error()));
}

}  // namespace

DriverNames::DriverNames(const NameResolverServices& services, std::unique_ptr<NameResolver> others)
    : services_(services),
      options_(services.context.name_resolution),
      others_(std::move(others)),
      neighbors_(options_.neighbor_timeout_ns),
      cache_(options_.neighbor_timeout_ns),
      frame_(static_cast<std::size_t>(services.context.mtu_length)) {
    open_socket();
    add_bootstraps(options_.bootstrap_neighbors);
    allocate_counters();
    resolve_bootstraps();
    const std::int64_t now_ns = services_.platform.clock.nano_time();
    cycle_deadline_ns_ = now_ns;
    self_deadline_ns_ = now_ns;
    neighbor_deadline_ns_ = now_ns + options_.neighbor_interval_ns;
    bootstrap_deadline_ns_ = now_ns + options_.bootstrap_interval_ns;
}

void DriverNames::open_socket() {
    constexpr std::string_view kSetting = "aeron.driver.resolver.interface";
    const HostAndPort wanted = split(kSetting, options_.interface);
    const auto bind_address = services_.platform.network.resolve(wanted.host, wanted.port);
    if (!bind_address) {
        throw ConfigurationError(
            fmt::format("{}={}: {}", kSetting, options_.interface, bind_address.error()));
    }
    platform::UdpSocketOptions socket_options;
    socket_options.bind_address = *bind_address;
    auto socket = services_.platform.network.open(socket_options);
    if (!socket) {
        throw Error(fmt::format("{}={}: {}", kSetting, options_.interface, socket.error().text));
    }
    socket_ = std::move(*socket);
    address_ = socket_->local_address();
}

void DriverNames::add_bootstraps(std::string_view list) {
    constexpr std::string_view kSetting = "aeron.driver.resolver.bootstrap.neighbor";
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view text = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
        if (text.empty()) continue;
        static_cast<void>(split(kSetting, text));
        if (bootstraps_.size() == kMaxBootstrapNeighbors) {
            throw ConfigurationError(
                fmt::format("{}: more than {}", kSetting, kMaxBootstrapNeighbors));
        }
        bootstraps_.push_back({.text = std::string(text), .resolved = {}, .is_neighbor = {}});
    }
}

void DriverNames::allocate_counters() {
    namespace type = memory::counter_type;
    memory::CountersManager& manager = services_.counters_manager;
    neighbor_count_ = manager.allocate(
        {.type_id = type::kResolverNeighbors,
         .label = fmt::format("Resolver neighbors: bound {}", address_.to_string())});
    cache_count_ =
        manager.allocate({.type_id = type::kResolverCacheEntries,
                          .label = fmt::format("Resolver cache entries: name={}", options_.name)});
    std::int32_t index = 0;
    for (Bootstrap& bootstrap : bootstraps_) {
        const memory::CounterKey key = memory::i32_key(index++);
        bootstrap.is_neighbor = manager.allocate({.type_id = type::kResolverBootstrapNeighbor,
                                                  .key = key.bytes(),
                                                  .label = bootstrap_label(bootstrap)});
    }
}

std::string DriverNames::bootstrap_label(const Bootstrap& bootstrap) const {
    return fmt::format("Bootstrap neighbor: name={} resolved={}", bootstrap.text,
                       bootstrap.resolved.empty() ? "" : bootstrap.resolved.to_string());
}

NameResolver::Result DriverNames::resolve(std::string_view host, std::uint16_t port) {
    const ResolverCacheEntry* const known = cache_.find(host, SocketAddress::Family::ipv4);
    if (known != nullptr) return known->address.with_port(port);
    if (host == options_.name) return address_.with_port(port);
    return others_->resolve(host, port);
}

int DriverNames::do_work(std::int64_t now_ns) {
    if (now_ns < cycle_deadline_ns_) return 0;
    cycle_deadline_ns_ = now_ns + kCycleNs;
    int work = receive(now_ns);
    cache_.expire(now_ns);
    neighbors_.expire(now_ns);
    if (now_ns >= self_deadline_ns_) {
        send_self(now_ns);
        self_deadline_ns_ = now_ns + options_.self_interval_ns;
        ++work;
    }
    if (now_ns >= neighbor_deadline_ns_) {
        send_neighbors(now_ns);
        neighbor_deadline_ns_ = now_ns + options_.neighbor_interval_ns;
        ++work;
    }
    if (now_ns >= bootstrap_deadline_ns_) {
        resolve_bootstraps();
        bootstrap_deadline_ns_ = now_ns + options_.bootstrap_interval_ns;
        ++work;
    }
    publish_counts();
    return work;
}

void DriverNames::publish_counts() {
    neighbor_count_.set(static_cast<std::int64_t>(neighbors_.all().size()));
    cache_count_.set(static_cast<std::int64_t>(cache_.all().size()));
}

// Hearing ---------------------------------------------------------------------------------------

int DriverNames::receive(std::int64_t now_ns) {
    const std::size_t count = socket_->receive(received_);
    for (std::size_t i = 0; i < count; ++i) on_datagram(received_[i], now_ns);
    return static_cast<int>(count);
}

void DriverNames::on_datagram(const platform::Datagram& datagram, std::int64_t now_ns) {
    wire::ResolutionReader reader(datagram.bytes);
    while (const auto entry = reader.next()) on_entry(*entry, datagram.source, now_ns);
    if (reader.malformed()) {
        services_.system_counters[memory::SystemCounter::invalid_packets].fetch_add(1);
    }
}

void DriverNames::on_entry(const wire::ResolutionEntry& entry, const SocketAddress& source,
                           std::int64_t now_ns) {
    SocketAddress address = address_of(entry);
    if (entry.self && entry.is_any_address()) address = source.with_port(entry.udp_port);
    const bool is_own = entry.udp_port == address_.port() && entry.name == options_.name;
    if (is_own || entry.name.empty()) return;
    const std::int64_t activity_ns = now_ns - entry.age_ms * kNanosPerMilli;
    cache_.put(entry.name, address, activity_ns, now_ns);
    neighbors_.on_heard_of(address, entry.self, activity_ns);
}

// Telling ---------------------------------------------------------------------------------------

void DriverNames::send_self(std::int64_t /*now_ns*/) {
    wire::ResolutionWriter writer(frame_);
    const bool fits = writer.append({.self = true,
                                     .udp_port = address_.port(),
                                     .age_ms = 0,
                                     .address = bytes_of(address_),
                                     .name = options_.name});
    if (!fits) return;
    const ConstBytes frame = writer.finish();
    constexpr std::string_view kWhat = "Failed to send self resolutions";
    for (const Bootstrap& bootstrap : bootstraps_) {
        if (!bootstrap.resolved.empty()) send(frame, bootstrap.resolved, kWhat);
    }
    for (const ResolverNeighbor& neighbor : neighbors_.all()) {
        if (!is_bootstrap(neighbor.address)) send(frame, neighbor.address, kWhat);
    }
    for (Bootstrap& bootstrap : bootstraps_) {
        bootstrap.is_neighbor.set(neighbors_.contains(bootstrap.resolved) ? 1 : 0);
    }
}

void DriverNames::send_neighbors(std::int64_t now_ns) {
    constexpr std::string_view kWhat = "Failed to send neighbor resolutions";
    std::optional<wire::ResolutionWriter> writer(frame_);
    for (const ResolverCacheEntry& known : cache_.all()) {
        const auto age_ms = (now_ns - known.time_of_last_activity_ns) / kNanosPerMilli;
        const wire::ResolutionEntry entry{
            .self = false,
            .udp_port = known.address.port(),
            .age_ms = static_cast<std::int32_t>(std::clamp<std::int64_t>(age_ms, 0, INT32_MAX)),
            .address = bytes_of(known.address),
            .name = known.name};
        if (writer->append(entry)) continue;
        if (!writer->empty()) send_to_neighbors(writer->finish(), kWhat);
        writer.emplace(frame_);
        static_cast<void>(writer->append(entry));  // a name longer than the MTU is left out
    }
    if (!writer->empty()) send_to_neighbors(writer->finish(), kWhat);
}

void DriverNames::send_to_neighbors(ConstBytes frame, std::string_view what) {
    for (const ResolverNeighbor& neighbor : neighbors_.all()) send(frame, neighbor.address, what);
}

void DriverNames::send(ConstBytes frame, const SocketAddress& to, std::string_view what) {
    const platform::Train train{frame, static_cast<std::uint32_t>(frame.size()), &to};
    const platform::SendResult result = socket_->send({&train, 1});
    if (result.error == 0) return;
    services_.errors.record(Error(fmt::format(
        "Failed to send resolution frames to neighbor: {} (protocol_family={}): {}\n[driver] {}",
        to.to_string(), to.family() == SocketAddress::Family::ipv6 ? "AF_INET6" : "AF_INET",
        std::generic_category().message(result.error), what)));
}

bool DriverNames::is_bootstrap(const SocketAddress& address) const {
    return std::ranges::find(bootstraps_, address, &Bootstrap::resolved) != bootstraps_.end();
}

void DriverNames::resolve_bootstraps() {
    for (Bootstrap& bootstrap : bootstraps_) {
        if (!bootstrap.resolved.empty() && neighbors_.contains(bootstrap.resolved)) continue;
        const auto parts = split_host_and_port(bootstrap.text);
        const auto resolved = others_->resolve(parts->host, parts->port);
        bootstrap.resolved = resolved.value_or(SocketAddress());
        if (!resolved) {
            services_.errors.warn(fmt::format("WARNING: bootstrap neighbor {}: {}", bootstrap.text,
                                              resolved.error()));
        }
        services_.counters_manager.set_label(bootstrap.is_neighbor.id(),
                                             bootstrap_label(bootstrap));
    }
}

}  // namespace tern::driver
