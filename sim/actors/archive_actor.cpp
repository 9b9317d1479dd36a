#include "sim/actors/archive_actor.hpp"

#include <fmt/format.h>

#include <utility>

namespace tern::sim {
namespace {

class OneThread final : public Agent {
  public:
    explicit OneThread(archive::Archive& archive) : archive_(archive) {}
    int do_work() override { return archive_.invoke(); }
    [[nodiscard]] std::string_view role_name() const override { return "archive"; }

  private:
    archive::Archive& archive_;
};

}  // namespace

archive::ArchiveContext make_archive_context(const virtual_world::Host& host,
                                             std::string aeron_directory, std::string directory) {
    archive::ArchiveContext context;
    context.aeron_directory = std::move(aeron_directory);
    context.archive_directory = std::move(directory);
    context.control_channel = fmt::format("aeron:udp?endpoint={}:8010", host.name());
    context.replication_channel = fmt::format("aeron:udp?endpoint={}:0", host.name());
    context.segment_file_length = 64 * 1024;
    context.file_io_max_length = 64 * 1024;
    context.catalog_capacity = 64 * 1024;
    context.low_storage_space_threshold = 0;
    context.threading_mode = archive::ArchiveThreadingMode::invoker;
    return context;
}

void ArchiveActor::live(platform::Platform platform) {
    archive_ = nullptr;
    driver_ = nullptr;
    failure_.clear();
    if (!options_.driver) return serve(platform);
    const auto driver =
        launch([&] { return driver::MediaDriver::launch(*options_.driver, platform); });
    if (!driver) return;
    driver_ = driver.get();
    for (Agent* agent : driver->agents()) run(*agent);
    serve(platform);
    driver_ = nullptr;
    for (Agent* agent : driver->agents()) stop(*agent);
    driver->close();
}

void ArchiveActor::serve(platform::Platform platform) {
    try {
        const auto archive =
            launch([&] { return archive::Archive::launch(options_.archive, platform); });
        if (!archive) return;
        archive_ = archive.get();
        for (const auto& event : archive->event_log().events()) tell(event.text);
        serve(*archive);
        session_ends_ = archive->event_log().session_ends();
    } catch (const std::exception& error) {
        on_error(error);
    }
    archive_ = nullptr;
}

void ArchiveActor::serve(archive::Archive& archive) {
    const auto is_over = [&] {
        return should_end() || !failure_.empty() || !archive.failure().empty();
    };
    if (options_.is_on_one_thread) {
        OneThread thread(archive);
        run(thread);
        while (!is_over()) idle(0);
        stop(thread);
    } else {
        for (Agent* agent : archive.agents()) run(*agent);
        while (!is_over()) idle(0);
        for (Agent* agent : archive.agents()) stop(*agent);
    }
    archive_ = nullptr;
    archive.close();
}

/// Without its driver it ends, to be started again.
void ArchiveActor::on_error(const std::exception& error) {
    if (!is_alive()) return;
    tell(fmt::format("error: {}", error.what()));
    failure_ = error.what();
}

}  // namespace tern::sim
