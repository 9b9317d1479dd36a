#include "tern/client/cnc_reader.hpp"

#include "tern/client/context.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::client {

CncReader::CncReader(platform::Platform platform, std::string directory,
                     std::unique_ptr<platform::Mapping> mapping)
    : platform_(platform),
      directory_(std::move(directory)),
      mapping_(std::make_unique<CncMapping>(std::move(mapping))) {}

CncReader CncReader::map_existing(platform::Platform platform, const std::string& aeron_directory,
                                  std::int64_t timeout_ns) {
    Context context;
    context.aeron_directory = aeron_directory;
    context.conclude(platform);
    memory::CncConnector connector(platform.storage, platform.clock, context.aeron_directory,
                                   timeout_ns / kNanosPerMilli,
                                   memory::CncConnector::Wanted::readable_file);
    const auto idle_strategy = platform::make_idle_strategy("sleep-ms");
    while (connector.try_step() != memory::CncConnector::Step::connected) idle_strategy->idle(0);
    return CncReader(platform, context.aeron_directory, connector.take_mapping());
}

std::unique_ptr<platform::Mapping> CncReader::map_loss_report() const {
    const std::string path = platform::join_path(directory_, memory::kLossReportFileName);
    if (!platform_.storage.exists(path)) return nullptr;
    return platform_.storage.open_mapped(path, platform::Access::read_only);
}

}  // namespace tern::client
