#pragma once
// Taking over an Aeron directory, and leaving it (DRV-2.2 to DRV-2.5).
//
// Thread safety: none; used at launch and close.

#include <memory>

#include "tern/driver/context.hpp"
#include "tern/platform/platform.hpp"

namespace tern::driver {

/// Makes the directory this driver's: refuses when another driver is active in it, saves the
/// errors of a dead one, deletes what is left of it, and creates the empty tree. Throws Error.
void take_over_directory(const DriverContext& context, const platform::Platform& platform);

/// cnc.dat, all zero but for the header; not ready yet.
[[nodiscard]] std::unique_ptr<platform::Mapping> create_cnc(const DriverContext& context,
                                                            const platform::Platform& platform);

/// loss-report.dat.
[[nodiscard]] std::unique_ptr<platform::Mapping> create_loss_report(
    const DriverContext& context, const platform::Platform& platform);

}  // namespace tern::driver
