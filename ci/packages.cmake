# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages, by CPack: ci/packages, docs/packages.md.
set(debian ${CMAKE_SOURCE_DIR}/loader/deploy/debian)
set(deb_version_line "^xdp-portscan \\(([^-)]+)-([^)]+)\\)")
file(STRINGS ${debian}/changelog newest_change REGEX ${deb_version_line} LIMIT_COUNT 1)
string(REGEX MATCH ${deb_version_line} newest_change "${newest_change}")
if(NOT CMAKE_MATCH_1 STREQUAL PROJECT_VERSION)
  message(FATAL_ERROR "loader/deploy/debian/changelog begins with version '${CMAKE_MATCH_1}', the "
    "project has ${PROJECT_VERSION}: add an entry")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME xdp-portscan)
set(CPACK_PACKAGE_CONTACT "xdp-portscan maintainers <maintainers@xdp-portscan.invalid>"
  CACHE STRING "Who answers for the packages")
set(CPACK_COMPONENTS_ALL loader simulator)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON) # /etc is no part of the prefix
set(CPACK_INSTALL_PREFIX /usr)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${CMAKE_MATCH_2})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_LOADER_PACKAGE_NAME xdp-portscan)
# For its user.
set(CPACK_DEBIAN_LOADER_PACKAGE_DEPENDS
  "systemd | systemd-standalone-sysusers | systemd-sysusers, init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_LOADER_PACKAGE_SUGGESTS "xdp-portscan-sim, bpftool")
set(CPACK_DEBIAN_LOADER_PACKAGE_CONTROL_EXTRA
  ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_COMPONENT_LOADER_DESCRIPTION "drops the packets of TCP port scanners, by XDP
A source that touches more than three TCP ports within a minute is blocked,
and its packets are dropped before the network stack sees them. An allowlist
and a lock-out guard keep administrators in; blocks end by themselves.

This package has the loader: it attaches the filter to interfaces, expires,
logs blocks, serves metrics for Prometheus and unblocks. Its service is
started by nobody but you.")

set(CPACK_DEBIAN_SIMULATOR_PACKAGE_NAME xdp-portscan-sim)
set(CPACK_DEBIAN_SIMULATOR_PACKAGE_SUGGESTS "xdp-portscan, tshark")
set(CPACK_COMPONENT_SIMULATOR_DESCRIPTION "captures through the port-scan filter xdp-portscan
Replays captures and synthesized scans through the very XDP program that
xdp-portscan attaches, in the time of the capture: who would have been blocked,
at which packet, and whom that would have wronged. Scenario files assert it in
continuous integration.

Nothing is attached to an interface.")
include(CPack)
