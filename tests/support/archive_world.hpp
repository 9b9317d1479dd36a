#pragma once
// Driver, archive and clients as processes of one simulated host: the production code on one
// thread in virtual time, so that a test of time-outs takes no time, and a kill is exact.
//
// The seed is fixed: the same test is the same run.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tern/archive/archive.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/platform/sim/world.hpp"
#include "tests/support/recording_steps.hpp"

namespace tern::testing_support {

/// A component that is driven by a call, as an agent.
class Driven final : public Agent {
  public:
    explicit Driven(std::function<int()> work) : work_(std::move(work)) {}
    int do_work() override { return work_(); }
    [[nodiscard]] std::string_view role_name() const override { return "driven"; }

  private:
    std::function<int()> work_;
};

inline constexpr const char* kAeronDirectory = "/dev/shm/aeron";
inline constexpr const char* kArchiveDirectory = "/archive";

class ArchiveWorld : public ::testing::Test, protected RecordingSteps {
  protected:
    explicit ArchiveWorld(std::uint64_t seed = 1) : world_(seed), host_(world_.add_host("host")) {
        context_.aeron_directory = kAeronDirectory;
        context_.archive_directory = kArchiveDirectory;
        context_.control_channel = "aeron:udp?endpoint=127.0.0.1:8010";
        context_.replication_channel = "aeron:udp?endpoint=127.0.0.1:0";
        context_.segment_file_length = 128 * 1024;
        context_.archive_id = 42;
        context_.threading_mode = archive::ArchiveThreadingMode::invoker;
        context_.error_buffer_length = 1024 * 1024;
    }
    ~ArchiveWorld() override {
        remove_clients();
        archive_.reset();
        driver_.reset();
    }

    /// Closes them, or forgets those that were killed.
    void remove_clients() {
        for (auto& client : clients_) {
            client->archive.reset();
            world_.scheduler().remove(*client->agent);
        }
        clients_.clear();
        current_ = nullptr;
    }

    // ---- Processes -----------------------------------------------------------------------------

    void start_driver() {
        driver::DriverContext context;
        context.aeron_directory = kAeronDirectory;
        context.threading_mode = driver::ThreadingMode::invoker;
        context.term_buffer_length = kTermLength;
        context.ipc_term_buffer_length = kTermLength;
        context.counters_values_buffer_length = 1 << 20;
        context.low_file_store_warning_threshold = 0;
        context.error_handler = [this](const std::exception& error) {
            driver_errors_.emplace_back(error.what());
        };
        driver_process_ = &host_.start("driver");
        driver_ = driver::MediaDriver::launch(context, driver_process_->platform());
        driver_agent_ = std::make_unique<Driven>([this] { return driver_->invoke(); });
        world_.scheduler().add(*driver_process_, *driver_agent_, fail());
    }

    /// Starts the archive process, and waits until it runs.
    void start_archive() {
        archive_process_ = &host_.start("archive");
        archive_ = archive::Archive::launch(context_, archive_process_->platform());
        archive_agent_ = std::make_unique<Driven>([this] { return archive_->invoke(); });
        world_.scheduler().add(*archive_process_, *archive_agent_, fail());
        await([&] { return archive_->is_running() || !archive_->failure().empty(); },
              "the archive to run");
        ASSERT_EQ(archive_->failure(), "");
    }

    void close_archive() {
        archive_->close();
        world_.scheduler().remove(*archive_agent_);
        archive_process_->kill();
        archive_.reset();
    }

    /// kill -9.
    void kill_archive() {
        archive_process_->kill();
        world_.scheduler().remove(*archive_agent_);
        archive_.reset();
    }

    /// A client process with an Aeron client and, once connect() is called, an archive client.
    struct Client {
        platform::sim::Process* process = nullptr;
        std::unique_ptr<client::Aeron> aeron;
        std::unique_ptr<archive::ArchiveClient> archive;
        std::unique_ptr<Driven> agent;
        bool drive_archive_client = true;
    };

    Client& add_client() {
        auto& added = *clients_.emplace_back(std::make_unique<Client>());
        added.process = &host_.start("client");
        client::Context context;
        context.aeron_directory = kAeronDirectory;
        context.use_conductor_invoker = true;
        context.await_idle = [this] { world_.scheduler().run_round(); };
        context.error_handler = [this](const std::exception& error) {
            client_errors_.emplace_back(error.what());
        };
        added.aeron = client::Aeron::connect(context, added.process->platform());
        added.agent = std::make_unique<Driven>([&added] {
            const int work = added.aeron->do_work();
            const bool polls = added.archive && added.drive_archive_client;
            return polls ? work + added.archive->async().do_work() : work;
        });
        world_.scheduler().add(*added.process, *added.agent, fail());
        current_ = &added;
        return added;
    }

    [[nodiscard]] archive::ArchiveClientContext client_context(const std::string& name = "tester") {
        archive::ArchiveClientContext context;
        context.client_name = name;
        context.on_signal = [this](const archive::RecordingSignal& signal) { on_signal(signal); };
        return context;
    }

    void connect(Client& client, archive::ArchiveClientContext context) {
        client.archive.reset();
        client.archive = archive::ArchiveClient::connect(
            std::move(context), *client.aeron, client.process->platform(),
            [this](int) { world_.scheduler().run_round(); });
    }
    void connect(Client& client) { connect(client, client_context()); }

    void kill_client(Client& client) {
        client.process->kill();
        world_.scheduler().remove(*client.agent);
    }

    /// Everything up, and one client connected.
    Client& start_all() {
        start_driver();
        start_archive();
        auto& client = add_client();
        connect(client);
        return client;
    }

    // ---- Steps ---------------------------------------------------------------------------------

    client::Aeron& aeron() override { return *current_->aeron; }
    archive::ArchiveClient& archive_client() override { return *current_->archive; }
    void step() override { world_.scheduler().run_round(); }
    [[nodiscard]] std::int64_t now_ns() const override { return host_.clock().nano_time(); }
    [[nodiscard]] std::string state() const override {
        return archive_ ? "archive: " + archive_->failure() : "no archive";
    }
    void pass(std::int64_t duration_ns) { world_.scheduler().run_for(duration_ns); }

    // ---- What an operator sees -----------------------------------------------------------------

    /// The value of the archive's counter of a type; -1 when there is none.
    std::int64_t counter(std::int32_t type_id) {
        const auto& counters = driver_->counters();
        std::int64_t value = -1;
        counters.for_each([&](std::int32_t id) {
            if (counters.type_id(id) == type_id) value = counters.value(id);
        });
        return value;
    }

    /// Texts in the archive's error log, read from its mark file.
    std::vector<std::string> archive_errors() {
        auto& reader = host_.start("operator");
        std::vector<std::string> texts;
        {
            const auto file = memory::ArchiveMarkFile::open(
                reader.platform().storage,
                std::string(kArchiveDirectory) + "/" + std::string(memory::kArchiveMarkFileName));
            memory::for_each_error(file.error_log(), INT64_MIN,
                                   [&](const auto& error) { texts.emplace_back(error.text); });
        }
        reader.kill();
        return texts;
    }

    ErrorHandler fail() {
        return [](const std::exception& error) { ADD_FAILURE() << "agent: " << error.what(); };
    }

    platform::sim::World world_;
    platform::sim::Host& host_;
    archive::ArchiveContext context_;
    std::vector<std::string> driver_errors_;
    std::vector<std::string> client_errors_;
    platform::sim::Process* driver_process_ = nullptr;
    platform::sim::Process* archive_process_ = nullptr;
    std::unique_ptr<driver::MediaDriver> driver_;
    std::unique_ptr<archive::Archive> archive_;
    std::vector<std::unique_ptr<Client>> clients_;
    Client* current_ = nullptr;
    std::unique_ptr<Driven> driver_agent_;
    std::unique_ptr<Driven> archive_agent_;
};

}  // namespace tern::testing_support
