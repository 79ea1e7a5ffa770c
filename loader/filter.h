// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "loader/adoption.h"
#include "loader/attachment.h"
#include "loader/pins.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portscan {

/// What shall be attached where.
struct FilterPlan {
    DetectorOptions options{};
    /// Names, or default_route_word for those of the default routes.
    std::vector<std::string> interfaces{};
    AttachMode mode = AttachMode::automatic;
    /// Asked before anything is attached: the allowlist's entries of origin `auto`, instead of
    /// older ones, which stay where it answers nothing.
    std::function<std::optional<std::vector<Prefix>>()> find_auto_allow{};
    bool hold_new = false;     ///< links made now are not pinned: they end with the process
    bool keep_others = false;  ///< links of other interfaces stay
    bool await_absent = false; ///< an interface that is not there is attached when it comes
};

/// The detector on its interfaces, over the state of a pin directory.
class Filter {
  public:
    /// `say` takes lines for the log. `directory` must outlive this.
    Filter(const PinDirectory &directory, std::function<void(std::string_view)> say);

    /// Loads the detector over the state that is there, moves every link to it, attaches what is
    /// not. Also a second time: the filter is attached throughout. On an exception new links are
    /// gone again, what was attached before stays. Throws AttachError, BoundError,
    /// std::system_error.
    void apply(const FilterPlan &plan);

    /// After interfaces or routes changed: attaches those of the plan that came (back), forgets
    /// links whose interface is gone or whose pin somebody removed (`unload`).
    void reconcile();

    /// Links that end with the process: pins them, or takes them off.
    bool holds_links() const;
    void pin_held();
    void detach_held();
    /// Takes the program off every interface; the state stays.
    void detach_all();

    Control &control() { return adoption_->control(); }
    const Detector &detector() const { return adoption_->detector(); }
    const std::vector<Attachment> &attachments() const { return attachments_; }

  private:
    void renew_auto_allow();
    void open_pinned();
    void update_links();
    void attach_wanted(bool may_await);
    std::optional<Attachment> attach_one(const std::string &interface, bool may_await);
    bool has_wrong_mode(const Attachment &attachment) const;
    void drop_unwanted();
    void drop(const std::string &interface);
    std::vector<std::string> wanted(const FilterPlan &plan) const;
    void require_attachable(const FilterPlan &plan);
    Attachment *find(const std::string &interface);
    bool is_held(const std::string &interface) const;

    const PinDirectory &directory_;
    std::function<void(std::string_view)> say_;
    FilterPlan plan_;
    std::unique_ptr<Adoption> adoption_;
    std::vector<Attachment> attachments_;
    bool auto_allow_is_new_ = false;
    std::vector<std::string> held_;     ///< interfaces of unpinned links
    std::vector<std::string> given_up_; ///< interfaces that somebody unloaded, or that refuse
    mutable std::vector<std::string> default_routes_; ///< the last there were
};

} // namespace portscan
