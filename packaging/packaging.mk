# What is installed where, and the packages. Included by the top Makefile.
#
# mount(8) looks for its helpers in /sbin alone; with any other PREFIX than /usr and /usr/local it goes beside bin/.

BINDIR := $(PREFIX)/bin
DOCDIR := $(PREFIX)/share/doc/describefs
MOUNTDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/sbin,$(PREFIX)/sbin)
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions

# FILE:DIRECTORY
PROGRAMS = $(BUILD)/describefs:$(BINDIR) $(BUILD)/packaging/mount.describefs:$(MOUNTDIR)
DATA = packaging/man/describefs.1:$(PREFIX)/share/man/man1 \
	packaging/man/describefs-catalog.5:$(PREFIX)/share/man/man5 \
	packaging/man/describefs.7:$(PREFIX)/share/man/man7 \
	packaging/man/mount.describefs.8:$(PREFIX)/share/man/man8 \
	$(BUILD)/packaging/describefs:$(PREFIX)/share/bash-completion/completions \
	packaging/completions/_describefs:$(ZSHDIR) \
	packaging/completions/describefs.fish:$(PREFIX)/share/fish/vendor_completions.d \
	$(BUILD)/packaging/describefs@.service:$(PREFIX)/lib/systemd/user \
	packaging/updatedb.conf:$(DOCDIR) packaging/doc/semantics.md:$(DOCDIR) \
	README.md:$(DOCDIR) README.zh-CN.md:$(DOCDIR)

source_of = $(firstword $(subst :, ,$(1)))
home_of = $(lastword $(subst :, ,$(1)))
installed = '$(DESTDIR)$(call home_of,$(1))/$(notdir $(call source_of,$(1)))'

define put
install -D -m $(1) $(call source_of,$(2)) $(call installed,$(2))

endef

install: all $(BUILD)/packaging/mount.describefs $(BUILD)/packaging/describefs@.service $(BUILD)/packaging/describefs
	$(foreach pair,$(PROGRAMS),$(call put,755,$(pair)))
	$(foreach pair,$(DATA),$(call put,644,$(pair)))

uninstall:
	rm -f $(foreach pair,$(PROGRAMS) $(DATA),$(call installed,$(pair)))
	[ ! -d '$(DESTDIR)$(DOCDIR)' ] || rmdir --ignore-fail-on-non-empty '$(DESTDIR)$(DOCDIR)'

# Made anew each time: what is in them depends on PREFIX.
$(BUILD)/packaging/mount.describefs: packaging/mount.describefs FORCE
	@mkdir -p $(@D)
	sed 's|@BINDIR@|$(BINDIR)|' $< >$@

$(BUILD)/packaging/describefs@.service: packaging/systemd/describefs@.service FORCE
	@mkdir -p $(@D)
	sed 's|@BINDIR@|$(BINDIR)|' $< >$@

$(BUILD)/packaging/describefs: packaging/completions/describefs.bash
	@mkdir -p $(@D)
	cp $< $@

# The sources as a release has them: what is in the repository, as it stands now.
TARBALL := $(BUILD)/describefs-$(VERSION).tar.gz

$(TARBALL): FORCE
	@mkdir -p $(@D)
	{ git ls-files -co --exclude-standard 2>/dev/null || find . -path './$(BUILD)' -prune -o -type f -print; } | sort | \
		tar -czf $@ --owner=0 --group=0 --transform 's|^\(\./\)\?|describefs-$(VERSION)/|' -T -

tarball: $(TARBALL)

# The package names the person that builds it: DEBFULLNAME and DEBEMAIL, as for Debian's own tools, else git's words.
DEBFULLNAME ?= $(or $(shell git config user.name 2>/dev/null),$(shell id -un))
DEBEMAIL ?= $(or $(shell git config user.email 2>/dev/null),$(shell id -un)@$(shell uname -n))

# Into build/deb/: describefs_VERSION_ARCH.deb. The first line installs what the build needs.
deb: $(TARBALL)
	tests/deps.sh build deb
	rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb
	tar -xzf $< -C $(BUILD)/deb
	mv $(BUILD)/deb/describefs-$(VERSION)/packaging/debian $(BUILD)/deb/describefs-$(VERSION)/debian
	sed -i 's|@MAINTAINER@|$(DEBFULLNAME) <$(DEBEMAIL)>|' \
		$(BUILD)/deb/describefs-$(VERSION)/debian/control $(BUILD)/deb/describefs-$(VERSION)/debian/changelog
	cd $(BUILD)/deb/describefs-$(VERSION) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -b -us -uc
	rm -rf $(BUILD)/deb/describefs-$(VERSION)
	@ls $(BUILD)/deb/*.deb

# Into build/rpm/RPMS/. RPMFLAGS=--nodeps where what the spec names is there under another name (on Debian).
rpm: $(TARBALL)
	rm -rf $(BUILD)/rpm && mkdir -p $(BUILD)/rpm/SOURCES
	cp $< $(BUILD)/rpm/SOURCES/
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL rpmbuild -bb $(RPMFLAGS) --define '_topdir $(abspath $(BUILD))/rpm' \
		packaging/describefs.spec
	@find $(BUILD)/rpm/RPMS -name '*.rpm'

FORCE:

.PHONY: install uninstall tarball deb rpm FORCE
