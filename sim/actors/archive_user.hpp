#pragma once
// A program that uses an archive: it connects to the driver of its host and to the archive, does
// what those who derive from it say, leaves, and comes again, until it is asked to end or killed.
//
// What it is told goes into the book, and what it finds wrong is a violation.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/checkers/recording_book.hpp"
#include "sim/harness/actor.hpp"
#include "tern/archive/client/async_archive_client.hpp"
#include "tern/client/aeron.hpp"

namespace tern::sim {

class ArchiveActor;

/// What the users of one archive share. Outlives them.
struct ArchiveUse {
    RecordingBook book;
    const ArchiveActor* archive = nullptr;
    std::string archive_host;
    std::int32_t next_stream_id = 1000;
    std::uint64_t next_stream_key = 1;
    /// Nothing in this run keeps the archive, its users and the network between them from working.
    bool is_undisturbed = false;
    // What has been done, to see that a run is not idle.
    int recordings = 0;
    int extensions = 0;
    int replays = 0;
    int bounded_replays = 0;
    int changes = 0;
    std::int64_t messages = 0;
};

struct ArchiveUserOptions {
    std::string aeron_directory;
    bool is_local = false;  ///< on the archive's host
    int number = 0;         ///< of the user, for its ports
};

class ArchiveUser : public Actor {
  public:
    ArchiveUser(Run& run, virtual_world::Host& host, std::string name, ArchiveUse& use,
                ArchiveUserOptions options);

  protected:
    using Entry = RecordingBook::Entry;

    /// With the archive connected; returns to leave it.
    virtual void work() = 0;
    void live(platform::Platform platform) override;

    [[nodiscard]] client::Aeron& aeron() noexcept { return *aeron_; }
    [[nodiscard]] archive::AsyncArchiveClient& archive() noexcept { return *archive_; }
    [[nodiscard]] ArchiveUse& use() noexcept { return use_; }
    [[nodiscard]] const ArchiveUserOptions& options() const noexcept { return options_; }
    [[nodiscard]] virtual_world::Prng& prng() noexcept { return the_run().prng(); }
    [[nodiscard]] std::int64_t draw(std::int64_t min, std::int64_t max) {
        return prng().between({min, max});
    }
    [[nodiscard]] bool draw_chance(std::uint32_t percent) {
        return prng().chance(percent * 10'000);
    }

    /// There is still somebody to talk to, and somebody to do it.
    [[nodiscard]] bool can_go_on() const;
    /// `work_count`: what else was done since the last one.
    void step(int work_count = 0);
    /// Steps until it is so. False: it is not, or cannot go on.
    bool await(std::int64_t timeout_ns, const std::function<bool()>& is_so);
    void pass(std::int64_t duration_ns);
    /// nullopt: cannot go on, and nobody knows what has become of the request.
    std::optional<archive::Outcome> ask(std::int64_t correlation_id, std::string_view what);
    /// The answer where it is good.
    std::optional<std::int64_t> ask_for(std::int64_t correlation_id, std::string_view what);
    /// nullopt: the archive does not know it, or cannot be asked.
    std::optional<archive::RecordingDescriptor> describe(std::int64_t recording_id);
    void found(const std::optional<std::string>& finding);

    /// A channel that the archive records from, and one that it replays to.
    [[nodiscard]] std::string replay_channel() const;
    [[nodiscard]] std::unique_ptr<client::ExclusivePublication> publish(std::string_view channel,
                                                                        std::int32_t stream_id);
    [[nodiscard]] std::unique_ptr<client::Subscription> subscribe(std::string_view channel,
                                                                  std::int32_t stream_id);

  private:
    void visit(platform::Platform platform);
    void leave();
    [[nodiscard]] archive::ArchiveClientContext archive_context() const;

    ArchiveUse& use_;
    ArchiveUserOptions options_;
    int work_count_ = 0;
    std::unique_ptr<client::Aeron> aeron_;
    std::unique_ptr<archive::AsyncArchiveClient> archive_;
};

}  // namespace tern::sim
