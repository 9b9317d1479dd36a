#pragma once
// Faults that tests plant in production code, to prove that other tests would notice them.
//
//     if (planted(Fault::skip_archive_client_close)) return;
//
// At most one at a time, for the whole process. Where NDEBUG is defined, as in release builds,
// planted() is a constant and nothing is left of it. `sim/` and `tests/` plant them; nobody else.
//
// Thread safety: all of it.

#include <cstdint>

#ifndef NDEBUG
#include <atomic>
#endif

namespace tern {

enum class Fault : std::uint8_t {
    none,
    // The founding bug, and the other orders of closing that CST-14 forbids.
    skip_archive_client_close,           ///< consensus module: no CloseSession
    request_after_close_session,         ///< archive client: something is sent on an ended session
    close_aeron_before_archive_client,   ///< consensus module
    skip_snapshot_archive_client_close,  ///< service container: sessions of its snapshots
    abandon_session_being_made,          ///< archive client: closed while it connects
    leave_replays_running,               ///< consensus module and service container
    close_archive_before_module,         ///< node
    close_driver_before_archive,         ///< node
    close_container_beside_module,       ///< node: the module still runs, and sees it go
};

#ifdef NDEBUG

inline constexpr bool kCanPlantFaults = false;
[[nodiscard]] constexpr bool planted(Fault /*fault*/) noexcept { return false; }

#else

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

#endif

}  // namespace tern
