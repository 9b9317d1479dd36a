#pragma once
// What a component may know of the process and host that it runs in.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tern::platform {

class System {
  public:
    virtual ~System() = default;
    [[nodiscard]] virtual std::int64_t process_id() const = 0;
    [[nodiscard]] virtual bool process_alive(std::int64_t process_id) const = 0;
    [[nodiscard]] virtual std::string user_name() const = 0;
    [[nodiscard]] virtual std::string host_name() const = 0;
    [[nodiscard]] virtual std::string temporary_directory() const = 0;  ///< TMPDIR or /tmp
    [[nodiscard]] virtual std::optional<std::string> environment(std::string_view name) const = 0;
    [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> environment() const = 0;
};

}  // namespace tern::platform
