#include "matrix_world.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "java_driver.hpp"
#include "tern/base/error.hpp"

namespace tern::interop {
namespace {

std::unique_ptr<MatrixWorld> world;

/// Ends the world when all tests have run.
class WorldEnvironment final : public ::testing::Environment {
  public:
    void TearDown() override { world.reset(); }
};
[[maybe_unused]] const ::testing::Environment* const kEnvironment =
    ::testing::AddGlobalTestEnvironment(new WorldEnvironment);

}  // namespace

MatrixWorld& MatrixWorld::instance() {
    if (!world) world = std::make_unique<MatrixWorld>();
    return *world;
}

MatrixWorld::MatrixWorld() {
    if (aeron_jar() == nullptr) throw Error("set TERN_AERON_JAR, or run ./dev test interop");
    java_drivers_ = start_java_drivers();
    for (const Role role : {Role::publishing, Role::subscribing}) {
        drivers_[{Kind::tern, role}].driver = make_tern_driver(platform_);
        drivers_[{Kind::java, role}].driver = make_java_driver(platform_, *java_drivers_);
    }
    peers_[Kind::tern] = make_tern_peer(platform_);
    peers_[Kind::java] = make_java_peer();
}

End MatrixWorld::end(Kind client, Role client_role, Kind driver, Role driver_role) {
    DriverState& state = drivers_.at({driver, driver_role});
    const std::string name = fmt::format("{}{}{}", static_cast<int>(client_role),
                                         static_cast<int>(driver), static_cast<int>(driver_role));
    const auto [found, is_new] =
        state.ends.try_emplace({client, name}, End{peers_.at(client).get(), name});
    if (is_new) found->second.peer->connect(name, state.driver->directory());
    return found->second;
}

void MatrixWorld::restart(Kind driver, Role driver_role) {
    DriverState& state = drivers_.at({driver, driver_role});
    const std::string errors = new_errors(state);
    if (!errors.empty()) throw Error(errors);
    state.driver->stop();
    for (const auto& [key, end] : state.ends) end.peer->await_lost(end.client);
    state.ends.clear();
    state.known_errors.clear();
    state.driver->start();
}

std::string MatrixWorld::reset() {
    std::string errors;
    for (const auto& [kind, peer] : peers_) errors += peer->reset();
    for (auto& [key, state] : drivers_) errors += new_errors(state);
    return errors;
}

std::string MatrixWorld::new_errors(DriverState& state) {
    std::string errors = state.driver->error_log();
    if (errors == state.known_errors) return {};
    state.known_errors = errors;
    return state.driver->directory() + ": " + errors;
}

}  // namespace tern::interop
