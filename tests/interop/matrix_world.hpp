#pragma once
// Who takes part in the matrix of matrix_test.cpp: a client of each kind, and two drivers of each
// kind, one for the publishing side and one for the subscribing side. They live as long as the
// program; a case brings its own streams.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "peer.hpp"
#include "restartable_driver.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::interop {

enum class Kind : std::uint8_t { tern, java };
enum class Role : std::uint8_t { publishing, subscribing };

/// The driver and the client of one side.
struct Side {
    Kind driver = Kind::tern;
    Kind client = Kind::tern;
};

/// A client that is connected to a driver.
struct End {
    Peer* peer = nullptr;
    std::string client;
};

class MatrixWorld {
  public:
    /// Started when first asked for; throws Error when that fails.
    static MatrixWorld& instance();

    MatrixWorld();

    [[nodiscard]] platform::Platform platform() const { return platform_; }
    /// The `client` kind's end for a role at one of the drivers; connects it if it is not.
    End end(Kind client, Role client_role, Kind driver, Role driver_role);
    /// Stops and starts a driver; all clients of it notice.
    void restart(Kind driver, Role driver_role);
    /// Closes all streams. What went wrong since the last time, by error handlers and error logs.
    std::string reset();
    /// This and the next are nobody else's: streams of one case never meet those of another.
    std::int32_t next_stream_id() { return next_stream_id_ += 2; }

  private:
    using DriverKey = std::pair<Kind, Role>;
    using ClientKey = std::pair<Kind, std::string>;
    struct DriverState {
        std::unique_ptr<RestartableDriver> driver;
        std::map<ClientKey, End> ends;
        std::string known_errors;
    };

    static std::string new_errors(DriverState& state);

    platform::Platform platform_ = platform::posix::make_platform();
    std::unique_ptr<JavaCommands> java_drivers_;
    std::map<DriverKey, DriverState> drivers_;
    std::map<Kind, std::unique_ptr<Peer>> peers_;  // before the drivers end, their clients
    std::int32_t next_stream_id_ = 1001;
};

}  // namespace tern::interop
