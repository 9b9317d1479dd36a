#include "restartable_driver.hpp"

#include "tern/base/error.hpp"
#include "tests/support/tern_process.hpp"

namespace tern::interop {
namespace {

const support::Settings& settings() {
    static const support::Settings kSettings = {{"aeron.term.buffer.length", "128k"},
                                                {"aeron.ipc.term.buffer.length", "128k"},
                                                {"aeron.counters.buffer.length", "4m"},
                                                {"aeron.timer.interval", "100ms"},
                                                {"aeron.image.liveness.timeout", "5s"},
                                                {"aeron.publication.connection.timeout", "1s"},
                                                {"aeron.publication.linger.timeout", "200ms"}};
    return kSettings;
}

class TernDriver final : public RestartableDriver {
  public:
    explicit TernDriver(platform::Platform platform) : RestartableDriver(platform) { start(); }

    void start() override {
        std::vector<std::string> arguments = {"driver", "-Daeron.dir=" + directory(),
                                              "-Daeron.threading.mode=SHARED"};
        for (std::string& define : support::as_defines(settings())) {
            arguments.push_back(std::move(define));
        }
        process_ = support::start_tern(arguments);
        support::await_line(*process_, "ready");
    }
    void stop() override {
        process_->terminate();
        support::expect_exit(*process_, 0);
    }

  private:
    std::unique_ptr<platform::posix::Process> process_;
};

class HostedJavaDriver final : public RestartableDriver {
  public:
    HostedJavaDriver(platform::Platform platform, JavaCommands& drivers)
        : RestartableDriver(platform), drivers_(drivers) {
        start();
    }

    void start() override { drivers_.call("start " + directory()); }
    void stop() override { drivers_.call("stop " + directory()); }

  private:
    JavaCommands& drivers_;
};

}  // namespace

std::string RestartableDriver::error_log() const {
    return support::driver_error_log(platform_, directory());
}

std::unique_ptr<RestartableDriver> make_tern_driver(platform::Platform platform) {
    return std::make_unique<TernDriver>(platform);
}

std::unique_ptr<JavaCommands> start_java_drivers() {
    std::vector<std::string> defines = {"aeron.CubicCongestionControl.measureRtt=true"};
    for (const auto& [name, value] : settings()) defines.push_back(name + "=" + value);
    return std::make_unique<JavaCommands>("MatrixDrivers", defines);
}

std::unique_ptr<RestartableDriver> make_java_driver(platform::Platform platform,
                                                    JavaCommands& drivers) {
    return std::make_unique<HostedJavaDriver>(platform, drivers);
}

}  // namespace tern::interop
