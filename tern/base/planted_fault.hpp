#pragma once
// Faults that tests plant in production code, to prove that other tests would notice them.
//
//     if (planted(Fault::skip_archive_client_close)) return;
//
// At most one at a time, for the whole process. Only where TERN_PLANTED_FAULTS is defined (CMake:
// the presets debug, asan and sim); elsewhere planted() is a constant and nothing is left of it.
// `sim/` and `tests/` plant them, by hand or by name; nobody else.
//
// To add one: a line in the list below, and one `if (planted(...))` where the mistake would be
// made. It should cost a user something: data, order, liveness, a clean end.
//
// Thread safety: all of it.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#ifdef TERN_PLANTED_FAULTS
#include <atomic>
#endif

/// X(name, room where the mistake is made, what goes wrong).
#define TERN_FAULT_LIST(X)                                                                        \
    /* The founding bug, and the other orders of closing that CST-14 forbids. */                  \
    X(skip_archive_client_close, "cluster", "the module never closes its archive session")        \
    X(request_after_close_session, "archive", "the client sends something on a session it ended") \
    X(close_aeron_before_archive_client, "cluster", "the module closes its client first")         \
    X(skip_snapshot_archive_client_close, "cluster", "a snapshot's archive session is left open") \
    X(abandon_session_being_made, "archive", "a client closed while it connects says nothing")    \
    X(leave_replays_running, "cluster", "module and container do not stop their replays")         \
    X(close_archive_before_module, "node", "the archive goes while the module needs it")          \
    X(close_driver_before_archive, "node", "the driver goes while the archive needs it")          \
    X(close_container_beside_module, "node", "the container goes while the module runs")

namespace tern {

enum class Fault : std::uint8_t {
    none,
#define TERN_FAULT(name, room, effect) name,
    TERN_FAULT_LIST(TERN_FAULT)
#undef TERN_FAULT
};

struct FaultInfo {
    Fault fault;
    std::string_view name;
    std::string_view room;
    std::string_view effect;
};

/// All but `none`, in the order of the list.
inline constexpr auto kFaults = std::to_array<FaultInfo>({
#define TERN_FAULT(name, room, effect) {Fault::name, #name, room, effect},
    TERN_FAULT_LIST(TERN_FAULT)
#undef TERN_FAULT
});

[[nodiscard]] constexpr std::string_view to_string(Fault fault) noexcept {
    return fault == Fault::none ? "none" : kFaults[static_cast<std::size_t>(fault) - 1].name;
}

/// nullopt: there is no fault of that name. `none` is not one.
[[nodiscard]] constexpr std::optional<Fault> parse_fault(std::string_view name) noexcept {
    for (const FaultInfo& info : kFaults) {
        if (info.name == name) return info.fault;
    }
    return std::nullopt;
}

static_assert(parse_fault(to_string(kFaults.back().fault)) == kFaults.back().fault);

#ifdef TERN_PLANTED_FAULTS

inline constexpr bool kCanPlantFaults = true;
inline std::atomic<Fault> planted_fault{Fault::none};
[[nodiscard]] inline bool planted(Fault fault) noexcept {
    return planted_fault.load(std::memory_order_relaxed) == fault;
}

/// Plants a fault for as long as it lives.
class PlantedFault {
  public:
    explicit PlantedFault(Fault fault) { planted_fault.store(fault); }
    ~PlantedFault() { planted_fault.store(Fault::none); }
    PlantedFault(const PlantedFault&) = delete;
    PlantedFault& operator=(const PlantedFault&) = delete;
};

#else

inline constexpr bool kCanPlantFaults = false;
[[nodiscard]] constexpr bool planted(Fault /*fault*/) noexcept { return false; }

#endif

}  // namespace tern
