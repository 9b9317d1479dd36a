#pragma once
// `tern archive` on a simulated host: an archive on a driver of the host, or with a driver in the
// same process. Its agents get turns of their own, or share a thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/harness/actor.hpp"
#include "tern/archive/archive.hpp"
#include "tern/driver/media_driver.hpp"

namespace tern::sim {

struct ArchiveActorOptions {
    archive::ArchiveContext archive;  ///< with the threading mode invoker
    bool is_on_one_thread = false;
    std::optional<driver::DriverContext> driver;  ///< in the same process
};

class ArchiveActor final : public Actor {
  public:
    ArchiveActor(Run& run, virtual_world::Host& host, ArchiveActorOptions options)
        : Actor(run, host, options.driver ? "archiving-driver" : "archive"),
          options_(std::move(options)) {}
    ~ArchiveActor() override { kill(); }

    [[nodiscard]] const ArchiveActorOptions& options() const noexcept { return options_; }
    /// Takes requests.
    [[nodiscard]] bool is_serving() const {
        return !should_end() && archive_ != nullptr && archive_->is_running();
    }
    /// Of the present life, else nullptr.
    [[nodiscard]] archive::Archive* archive() const noexcept {
        return is_running() ? archive_ : nullptr;
    }
    [[nodiscard]] driver::MediaDriver* driver() const noexcept {
        return is_running() ? driver_ : nullptr;
    }
    /// What has ended the present or the last life; empty: nothing has.
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
    /// How control sessions ended in the last life that has closed.
    [[nodiscard]] const std::vector<archive::ControlSessionEnd>& session_ends() const noexcept {
        return session_ends_;
    }

  private:
    void live(platform::Platform platform) override;
    void serve(platform::Platform platform);
    void serve(archive::Archive& archive);
    void on_error(const std::exception& error) override;

    ArchiveActorOptions options_;
    archive::Archive* archive_ = nullptr;
    driver::MediaDriver* driver_ = nullptr;
    std::string failure_;
    std::vector<archive::ControlSessionEnd> session_ends_;
};

/// Small buffers, files below `directory`, control on the host's address.
[[nodiscard]] archive::ArchiveContext make_archive_context(const virtual_world::Host& host,
                                                           std::string aeron_directory,
                                                           std::string directory);

}  // namespace tern::sim
