#pragma once
// The client sessions of a service container, and their response publications (CST-5.5, CST-5.8).
//
// Thread safety: none; the container's thread.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tern/client/aeron.hpp"
#include "tern/cluster/service/clustered_service.hpp"

namespace tern::cluster {

/// What sessions need of their container.
class SessionHost {
  public:
    virtual ~SessionHost() = default;
    /// Throws Error when the current callback may not send.
    virtual void check_may_send() const = 0;
    [[nodiscard]] virtual bool is_leader() const = 0;
    [[nodiscard]] virtual std::int64_t leadership_term_id() const = 0;
    [[nodiscard]] virtual std::int64_t cluster_time() const = 0;
    /// False when the module could not be asked now.
    virtual bool request_close(std::int64_t session_id) = 0;
    /// Counts and logs.
    virtual void report(const std::exception& error) noexcept = 0;
};

class ContainerSession final : public ClientSession {
  public:
    ContainerSession(SessionHost& host, std::int64_t id, std::int32_t response_stream_id,
                     std::string_view response_channel, ConstBytes encoded_principal);

    [[nodiscard]] std::int64_t id() const override { return id_; }
    [[nodiscard]] std::int32_t response_stream_id() const override { return response_stream_id_; }
    [[nodiscard]] std::string_view response_channel() const override { return response_channel_; }
    [[nodiscard]] ConstBytes encoded_principal() const override { return principal_; }
    [[nodiscard]] bool is_closing() const override { return is_closing_; }
    std::int64_t offer(ConstBytes message) override;
    std::int64_t offer(std::span<const ConstBytes> parts) override;
    bool close() override;

    /// Begins to add the response publication, if there is none.
    void begin_connect(client::Aeron& aeron);
    /// True once the publication is there or has been refused (which is reported).
    [[nodiscard]] bool is_connect_complete(client::Aeron& aeron);
    void disconnect(client::Aeron& aeron) noexcept;
    void clear_closing() noexcept { is_closing_ = false; }

  private:
    SessionHost& host_;
    std::int64_t id_;
    std::int32_t response_stream_id_;
    std::string response_channel_;
    std::vector<std::byte> principal_;
    std::int64_t publication_id_ = kNullValue;  // while it is being added
    std::unique_ptr<client::Publication> publication_;
    std::vector<ConstBytes> parts_;  // scratch
    bool is_closing_ = false;
};

/// In ascending order of ids, which is the same on every member.
using SessionMap = std::map<std::int64_t, std::unique_ptr<ContainerSession>>;

}  // namespace tern::cluster
