#pragma once
// From host names to addresses (DRV-14). Numeric addresses never come here.
//
// Three resolvers: the system's; a table, for tests of what happens when a name moves; and the
// drivers' own (driver_name_resolver.hpp). The latter two ask the system for names unknown to them.
//
// Thread safety: the conductor's thread only. A look-up may take as long as the system's resolver
// does.

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/driver/context.hpp"
#include "tern/memory/counters.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/network.hpp"
#include "tern/platform/platform.hpp"

namespace tern::driver {

class ErrorRecorder;

class NameResolver {
  public:
    using Result = std::expected<platform::SocketAddress, std::string>;

    virtual ~NameResolver() = default;
    /// The text of a failure says why; the caller says what for.
    [[nodiscard]] virtual Result resolve(std::string_view host, std::uint16_t port) = 0;
    /// Once per duty cycle.
    virtual int do_work(std::int64_t /*now_ns*/) { return 0; }
};

/// What a resolver may use; all outlives it.
struct NameResolverServices {
    const DriverContext& context;
    const platform::Platform& platform;
    memory::CountersManager& counters_manager;
    const memory::SystemCounters& system_counters;
    ErrorRecorder& errors;
};

/// The system's resolver.
class SystemNames final : public NameResolver {
  public:
    explicit SystemNames(platform::Network& network) : network_(network) {}
    [[nodiscard]] Result resolve(std::string_view host, std::uint16_t port) override {
        return network_.resolve(host, port);
    }

  private:
    platform::Network& network_;
};

/// Rows "name,initialHost,reResolutionHost|..." with a counter each, by which others choose: 0 the
/// initial host, 1 the other one, -1 none.
class TableNames final : public NameResolver {
  public:
    static constexpr std::int32_t kCounterType = 2001;

    /// Throws ConfigurationError when the table is no such text.
    TableNames(const NameResolverServices& services, std::unique_ptr<NameResolver> others);
    [[nodiscard]] Result resolve(std::string_view host, std::uint16_t port) override;

  private:
    struct Row {
        std::string name, initial_host, re_resolution_host;
        memory::Counter choice;
    };

    std::vector<Row> rows_;
    std::unique_ptr<NameResolver> others_;
};

/// Any of them, with its time measured, and numeric addresses kept from it (DRV-14.1).
class TimedNames final : public NameResolver {
  public:
    TimedNames(std::unique_ptr<NameResolver> names, const NameResolverServices& services);
    [[nodiscard]] Result resolve(std::string_view host, std::uint16_t port) override;
    int do_work(std::int64_t now_ns) override { return names_->do_work(now_ns); }

  private:
    std::unique_ptr<NameResolver> names_;
    platform::Clock& clock_;
    memory::Counter max_ns_;
    memory::Counter threshold_exceeded_;
    std::int64_t threshold_ns_;
};

/// The one that the context asks for. Throws Error when it cannot be had.
[[nodiscard]] std::unique_ptr<NameResolver> make_name_resolver(
    const NameResolverServices& services);

struct HostAndPort {
    std::string_view host;
    std::uint16_t port = 0;
};

/// "name:port", "1.2.3.4:port", "[v6]:port", "[v6%scope]:port"; the port is required. The error
/// is upstream's word for what is wrong with it (DRV-6.5).
[[nodiscard]] std::expected<HostAndPort, std::string_view> split_host_and_port(
    std::string_view text);

}  // namespace tern::driver
