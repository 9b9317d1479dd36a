#include "tern/driver/name_resolver.hpp"

#include <fmt/format.h>

#include <charconv>

#include "tern/driver/driver_name_resolver.hpp"
#include "tern/memory/counter_keys.hpp"

namespace tern::driver {
namespace {

using platform::SocketAddress;

/// The part before the separator; `text` becomes what is behind it.
std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return part;
}

}  // namespace

std::expected<HostAndPort, std::string_view> split_host_and_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == text.size()) {
        return std::unexpected("port invalid");
    }
    HostAndPort result{.host = text.substr(0, colon)};
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (error == std::errc::result_out_of_range) return std::unexpected("port out of range");
    if (error != std::errc{} || end != port.data() + port.size()) {
        return std::unexpected("port invalid");
    }
    if (result.host.starts_with('[')) {
        if (!result.host.ends_with(']')) return std::unexpected("host address invalid");
        result.host = result.host.substr(1, result.host.size() - 2);
        result.host = result.host.substr(0, result.host.find('%'));
    } else if (result.host.find(':') != std::string_view::npos) {
        return std::unexpected("host address invalid");  // IPv6 needs brackets
    }
    if (result.host.empty()) return std::unexpected("no address value");
    return result;
}

// Table -----------------------------------------------------------------------------------------

TableNames::TableNames(const NameResolverServices& services, std::unique_ptr<NameResolver> others)
    : others_(std::move(others)) {
    std::string_view table = services.context.name_resolution.csv_table;
    while (!table.empty()) {
        std::string_view row = take_until(table, '|');
        const std::string_view name = take_until(row, ',');
        const std::string_view initial = take_until(row, ',');
        if (name.empty() || initial.empty() || row.empty()) {
            throw ConfigurationError(
                fmt::format("AERON_NAME_RESOLVER_INIT_ARGS={}: expected "
                            "name,initialHost,reResolutionHost|...",
                            services.context.name_resolution.csv_table));
        }
        memory::CounterKey key;
        key.put_i32(static_cast<std::int32_t>(name.size()));
        key.put_text(name);
        const std::string label =
            fmt::format("NameEntry{{name='{}', initialResolutionHost='{}', reResolutionHost='{}'}}",
                        name, initial, row);
        rows_.push_back({.name = std::string(name),
                         .initial_host = std::string(initial),
                         .re_resolution_host = std::string(row),
                         .choice = services.counters_manager.allocate(
                             {.type_id = kCounterType, .key = key.bytes(), .label = label})});
    }
}

NameResolver::Result TableNames::resolve(std::string_view host, std::uint16_t port) {
    for (const Row& row : rows_) {
        if (row.name != host) continue;
        const std::int64_t choice = row.choice.get();
        if (choice == -1) return std::unexpected("(forced)");
        return others_->resolve(choice == 0 ? row.initial_host : row.re_resolution_host, port);
    }
    return others_->resolve(host, port);
}

// Timed -----------------------------------------------------------------------------------------

TimedNames::TimedNames(std::unique_ptr<NameResolver> names, const NameResolverServices& services)
    : names_(std::move(names)),
      clock_(services.platform.clock),
      max_ns_(services.system_counters[memory::SystemCounter::name_resolver_max_time]),
      threshold_exceeded_(
          services.system_counters[memory::SystemCounter::name_resolver_time_threshold_exceeded]),
      threshold_ns_(services.context.name_resolver_threshold_ns) {}

NameResolver::Result TimedNames::resolve(std::string_view host, std::uint16_t port) {
    const bool is_ipv6 = host.find(':') != std::string_view::npos;
    const auto numeric = SocketAddress::parse(is_ipv6 ? fmt::format("[{}]:{}", host, port)
                                                      : fmt::format("{}:{}", host, port));
    if (numeric) return *numeric;
    const std::int64_t start_ns = clock_.nano_time();
    Result result = names_->resolve(host, port);
    const std::int64_t taken_ns = clock_.nano_time() - start_ns;
    max_ns_.propose_max(taken_ns);
    if (taken_ns > threshold_ns_) threshold_exceeded_.increment();
    return result;
}

std::unique_ptr<NameResolver> make_name_resolver(const NameResolverServices& services) {
    std::unique_ptr<NameResolver> names = std::make_unique<SystemNames>(services.platform.network);
    if (services.context.name_resolution.uses_table()) {
        names = std::make_unique<TableNames>(services, std::move(names));
    } else if (services.context.name_resolution.uses_drivers()) {
        names = std::make_unique<DriverNames>(services, std::move(names));
    }
    return std::make_unique<TimedNames>(std::move(names), services);
}

}  // namespace tern::driver
