#include "sim/actors/archive_worker.hpp"

#include <utility>

namespace tern::sim {

ArchiveWorker::ArchiveWorker(Run& run, virtual_world::Host& host, ArchiveUse& use, Task task,
                             ArchiveUserOptions options)
    : ArchiveUser(run, host,
                  std::string(task == Task::records   ? "recorder"
                              : task == Task::replays ? "replayer"
                                                      : "auditor") +
                      std::to_string(options.number),
                  use, options),
      task_(task) {}

void ArchiveWorker::work() {
    if (task_ == Task::audits) return audit();
    for (std::int64_t i = draw(1, 6); i > 0 && can_go_on(); --i) {
        if (task_ == Task::records) {
            record();
        } else {
            replay_some();
        }
        pass(draw(1, 200) * 1'000'000);
    }
}

}  // namespace tern::sim
