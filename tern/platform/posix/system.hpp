#pragma once
// This process and its host; any thread, as long as nobody changes the environment.

#include "tern/platform/system.hpp"

namespace tern::platform::posix {

class PosixSystem final : public System {
  public:
    [[nodiscard]] std::int64_t process_id() const override;
    [[nodiscard]] bool process_alive(std::int64_t process_id) const override;
    [[nodiscard]] std::string user_name() const override;
    [[nodiscard]] std::string host_name() const override;
    [[nodiscard]] std::string temporary_directory() const override;
    [[nodiscard]] std::optional<std::string> environment(std::string_view name) const override;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const override;
};

}  // namespace tern::platform::posix
