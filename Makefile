# Everything a newcomer types. `make help` lists it.
PREFIX ?= /usr/local
DESTDIR ?=
UNITS ?= $(PREFIX)/lib/systemd/system
RELEASE = $(shell swift build -c release --show-bin-path 2>/dev/null)

.PHONY: help deps build train detector weights demo demo-real test bench peers cameras energy train-peers soak install files deb clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 13

deps: ## what adl needs from Debian, and why
	@scripts/dependencies

.PHONY: packages
packages:
	@scripts/dependencies install

.PHONY: training-packages
training-packages:
	@scripts/dependencies install training

build: packages ## adld, adl and adl-mqtt, optimised
	swift build -c release --product adld
	swift build -c release --product adl
	swift build -c release --product adl-mqtt

demo: build ## render two people, let the daemon watch them for a minute with the truth beside, and score its events
	scripts/demo

detector: ## a person detector as Models/person-detector.onnx; DETECTOR=FILE takes one that is here
	@DETECTOR="$(DETECTOR)" DETECTOR_URL="$(DETECTOR_URL)" scripts/detector

weights: ## real weights (I3D, Kinetics-400) as Models/i3d-kinetics400.safetensors; WEIGHTS=FILE takes a copy that is here
	@scripts/weights

demo-real: ## real weights on SOURCE=/dev/video0, a file or a URL, with live events until it ends or Ctrl-C
	@scripts/demo-real

train: training-packages ## adl-train, optimised; LIBTORCH=DIR builds against another libtorch than Debian's
	swift build -c release --product adl-train

test: training-packages ## build everything and run every test
	@scripts/dependencies install tests
	swift build --build-tests
	# One after another: some keep all cores busy, others have deadlines.
	bash -o pipefail -c 'swift test --disable-xctest --skip-build --no-parallel 2>&1 | scripts/test-report'

bench: build ## clip time, MAC rate and memory of the full-size network, and what people cost, on this machine
	$(RELEASE)/adl bench
	$(RELEASE)/adl bench people $(if $(wildcard Models/person-detector.onnx),--detector Models/person-detector.onnx)

peers: build ## the same network on OpenVINO, ONNX Runtime and PyTorch, interleaved in one run
	Benchmarks/peers/compare

train-peers: train ## one training step of the full-size student against Python's PyTorch, in turns
	Benchmarks/peers/compare-training

cameras: build ## how many cameras of 30 fps this machine keeps up with, by number format and way of windows
	Benchmarks/cameras

energy: build ## what an hour costs of a room with nobody, somebody still and somebody moving
	Benchmarks/energy $(if $(wildcard Models/person-detector.onnx),--detector Models/person-detector.onnx)

soak: build ## ten minutes of a 30 fps camera with the full-size network: memory, order, ends
	Benchmarks/soak

install: build files ## into DESTDIR/PREFIX, with the unit, the settings, the model and the families

# What is built already, into its place.
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

deb: training-packages ## Debian packages adl and adl-train in dist/
	@scripts/dependencies install packaging
	debian/rules clean binary

clean: ## build products
	swift package clean
	rm -rf .build-deb dist
