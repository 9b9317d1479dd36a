#pragma once
// An archive's control stream without the archive client: sends what it is told to, well formed or
// not, and keeps the answers.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tern/client/aeron.hpp"
#include "tern/client/fragment_assembler.hpp"
#include "tern/wire/archive_messages.hpp"

namespace tern::testing_support {

inline constexpr std::int32_t kProtocolVersion = 0x00010C00;

class RawControl {
  public:
    struct Answer {
        std::int64_t control_session_id = -1;
        std::int64_t correlation_id = -1;
        std::int64_t relevant_id = -1;
        wire::archive::ControlResponseCode code{};
        std::string text;
    };

    /// `idle` lets everything go on for a moment.
    RawControl(client::Aeron& aeron, std::function<void()> idle,
               const std::string& request_channel = "aeron:ipc",
               std::int32_t response_stream_id = 77)
        : idle_(std::move(idle)),
          response_stream_id_(response_stream_id),
          responses_(aeron.add_subscription("aeron:ipc", response_stream_id)),
          requests_(aeron.add_exclusive_publication(request_channel, 10)),
          assembler_([this](ConstBytes message, const client::Header&) { on_message(message); }) {}

    /// Retries while the request stream is full or not yet connected.
    void send(ConstBytes message) {
        for (int attempt = 0; attempt < 100'000; ++attempt) {
            if (requests_->offer(message) > 0) return;
            idle_();
        }
        ADD_FAILURE() << "the archive takes no requests";
    }
    template <typename Message>
    void request(const Message& message) {
        std::vector<std::byte> bytes(wire::encoded_length(message));
        (void)wire::encode(Bytes(bytes), message);
        send(bytes);
    }
    void connect(std::int64_t correlation_id, std::string_view response_channel = "aeron:ipc",
                 std::int32_t version = kProtocolVersion) {
        request(wire::archive::AuthConnectRequest{.correlation_id = correlation_id,
                                                  .response_stream_id = response_stream_id_,
                                                  .version = version,
                                                  .response_channel = response_channel,
                                                  .encoded_credentials = {},
                                                  .client_info = "name=raw version=1 commit=2"});
    }
    void poll() { responses_->poll(assembler_, 10); }

    [[nodiscard]] const Answer* find(std::int64_t correlation_id) const {
        for (const auto& answer : answers) {
            if (answer.correlation_id == correlation_id) return &answer;
        }
        return nullptr;
    }

    std::vector<Answer> answers;

    [[nodiscard]] client::Subscription& responses() noexcept { return *responses_; }
    [[nodiscard]] client::ExclusivePublication& requests() noexcept { return *requests_; }

  private:
    void on_message(ConstBytes message) {
        const auto header = wire::MessageHeader::read(message);
        if (!header || header->template_id != wire::archive::ControlResponse::kId.id) return;
        const auto response = wire::decode<wire::archive::ControlResponse>(message);
        ASSERT_TRUE(response);
        answers.push_back({response->control_session_id, response->correlation_id,
                           response->relevant_id, response->code,
                           std::string(response->error_message)});
    }

    std::function<void()> idle_;
    std::int32_t response_stream_id_;
    std::unique_ptr<client::Subscription> responses_;
    std::unique_ptr<client::ExclusivePublication> requests_;
    client::FragmentAssembler<> assembler_;
};

}  // namespace tern::testing_support
