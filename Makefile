# Everything a newcomer types. `make help` lists it.
PREFIX ?= /usr/local
DESTDIR ?=
UNITS ?= $(PREFIX)/lib/systemd/system
RELEASE = $(shell swift build -c release --show-bin-path 2>/dev/null)

.PHONY: help deps build train detector weights demo demo-real test bench peers cameras energy train-peers soak install files deb clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 13

deps: ## list what adl needs from Debian, and why
	@scripts/dependencies

.PHONY: packages
packages:
	@scripts/dependencies install

.PHONY: training-packages
training-packages:
	@scripts/dependencies install training

build: packages ## build adld, adl and adl-mqtt, optimised
	swift build -c release --product adld
	swift build -c release --product adl
	swift build -c release --product adl-mqtt

demo: build ## render two people, let the daemon watch them for a minute, and score its events against the truth
	scripts/demo

detector: ## download a person detector to Models/person-detector.onnx; DETECTOR=FILE uses a local one
	@DETECTOR="$(DETECTOR)" DETECTOR_URL="$(DETECTOR_URL)" scripts/detector

weights: ## download I3D's Kinetics-400 weights to Models/i3d-kinetics400.safetensors; WEIGHTS=FILE uses a local copy
	@scripts/weights

demo-real: ## published weights on SOURCE=/dev/video0, a file or a URL: live events until it ends or Ctrl-C
	@scripts/demo-real

train: training-packages ## build adl-train, optimised; LIBTORCH=DIR builds against another libtorch than Debian's
	swift build -c release --product adl-train

test: training-packages ## build everything and run every test
	@scripts/dependencies install tests
	swift build --build-tests
	# One after another: some keep all cores busy, others have deadlines.
	bash -o pipefail -c 'swift test --disable-xctest --skip-build --no-parallel 2>&1 | scripts/test-report'

bench: build ## measure the full-size network (time, MAC rate, memory) and the cost of finding people on this machine
	$(RELEASE)/adl bench
	$(RELEASE)/adl bench people $(if $(wildcard Models/person-detector.onnx),--detector Models/person-detector.onnx)

peers: build ## compare with the same network on OpenVINO, ONNX Runtime, PyTorch and continual-inference, in one run
	Benchmarks/peers/compare

train-peers: train ## compare a training step of the full-size student with Python's PyTorch, interleaved
	Benchmarks/peers/compare-training

cameras: build ## measure how many 30 fps cameras this machine keeps up with, by number format and kind of window
	Benchmarks/cameras

energy: build ## measure the cost of an hour of a room with nobody, somebody still and somebody moving
	Benchmarks/energy $(if $(wildcard Models/person-detector.onnx),--detector Models/person-detector.onnx)

soak: build ## run a 30 fps camera with the full-size network for ten minutes: memory, order, ends
	Benchmarks/soak

install: build files ## install into DESTDIR/PREFIX: programs, units, settings, model and families

# Installs without building.
files:
	install -D -m 755 $(RELEASE)/adld $(DESTDIR)$(PREFIX)/bin/adld
	install -D -m 755 $(RELEASE)/adl $(DESTDIR)$(PREFIX)/bin/adl
	install -D -m 755 $(RELEASE)/adl-mqtt $(DESTDIR)$(PREFIX)/bin/adl-mqtt
	if [ -x $(RELEASE)/adl-train ]; then \
	  install -D -m 755 $(RELEASE)/adl-train $(DESTDIR)$(PREFIX)/bin/adl-train; \
	  install -d $(DESTDIR)$(PREFIX)/share/doc/adl && cp -r config/train $(DESTDIR)$(PREFIX)/share/doc/adl/; fi
	install -D -m 644 Models/people.safetensors $(DESTDIR)$(PREFIX)/share/adl/models/people.safetensors
	install -D -m 644 Models/README.md $(DESTDIR)$(PREFIX)/share/adl/models/README.md
	install -D -m 644 config/families/kinetics400.yaml $(DESTDIR)$(PREFIX)/share/adl/families/kinetics400.yaml
	install -D -m 644 config/adld.yaml $(DESTDIR)$(PREFIX)/share/doc/adl/adld.yaml
	install -D -m 644 config/adl-mqtt.yaml $(DESTDIR)$(PREFIX)/share/doc/adl-mqtt/adl-mqtt.yaml
	install -D -m 644 docs/home-assistant.md $(DESTDIR)$(PREFIX)/share/doc/adl-mqtt/home-assistant.md
	install -D -m 644 docs/integration.md $(DESTDIR)$(PREFIX)/share/doc/adl/integration.md
	install -D -m 644 systemd/sysusers-mqtt.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/adl-mqtt.conf
	install -D -m 644 systemd/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/adl.conf
	install -d $(DESTDIR)$(UNITS)
	sed 's|/usr/local|$(PREFIX)|g' systemd/adld.service > $(DESTDIR)$(UNITS)/adld.service
	sed 's|^Description=.*|& (%i)|; s|/etc/adl/adld.yaml|/etc/adl/cameras.d/%i.yaml|; s,^\(Runtime\|State\)Directory=adl,&-%i,' \
	  $(DESTDIR)$(UNITS)/adld.service > $(DESTDIR)$(UNITS)/adld@.service
	sed 's|/usr/local|$(PREFIX)|g' systemd/adl-mqtt.service > $(DESTDIR)$(UNITS)/adl-mqtt.service
	install -d $(DESTDIR)/etc/adl
	[ -e $(DESTDIR)/etc/adl/adl-mqtt.yaml ] || install -m 640 config/adl-mqtt.yaml $(DESTDIR)/etc/adl/adl-mqtt.yaml
	[ -e $(DESTDIR)/etc/adl/adld.yaml ] || sed 's|/usr/local|$(PREFIX)|g' config/adld.yaml > $(DESTDIR)/etc/adl/adld.yaml

deb: training-packages ## build the Debian packages adl, adl-train and adl-mqtt in dist/
	@scripts/dependencies install packaging
	debian/rules clean binary

clean: ## remove build products
	swift package clean
	rm -rf .build-deb dist
