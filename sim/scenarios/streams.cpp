#include "sim/scenarios/streams.hpp"

#include "sim/actors/driver_actor.hpp"
#include "sim/harness/nemesis.hpp"

namespace tern::sim {

void play_streams(Run& run) {
    auto& world = run.make_world(FaultSet::all());
    auto& host = world.add_host("alpha");
    DriverActor driver(run, host,
                       make_driver_context("/dev/shm/aeron", driver::ThreadingMode::dedicated));
    Nemesis nemesis(run);
    nemesis.add_host(host, true);
    nemesis.add_actor(driver, {FaultKind::kill, FaultKind::close, FaultKind::pause});
    driver.start();
    while (run.now_ns() < run.duration_ns()) {
        nemesis.step();
        run.step();
    }
    nemesis.stop();
    run.await("the driver", 20'000'000'000, [&] { return driver.driver() != nullptr; });
    driver.ask_to_end();
    run.await("the driver's end", 5'000'000'000, [&] { return !driver.is_running(); });
}

}  // namespace tern::sim
