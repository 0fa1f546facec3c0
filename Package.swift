// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A Swift target of ours in Sources.
func library(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

/// A Swift target of ours in Tests.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
  name: "adl",
  products: [
    .executable(name: "adld", targets: ["adld"]),
    .executable(name: "adl", targets: ["adl"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // C libraries
    .systemLibrary(name: "CTurboJPEG"),
    .systemLibrary(name: "CZeroMQ"),
    .target(
      name: "CFFmpeg", linkerSettings: ["avformat", "avcodec", "avutil", "swscale"].map { .linkedLibrary($0) }),
    .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
    .target(name: "CVideo4Linux", linkerSettings: [.linkedLibrary("v4l2")]),

    // Described, never computed
    library("Networks"),
    library("Golden", ["Networks"], resources: [.embedInCode("golden.json")]),
    library("ModelFile", ["Networks", .product(name: "Crypto", package: "swift-crypto")]),

    // One room each
    library("Video"),
    library("Capture", ["Video", "CVideo4Linux", "CFFmpeg", "CTurboJPEG"]),
    library("Inference", ["Networks", "COneDNN"]),
    library("Recognition"),
    library("Events", ["CZeroMQ"]),
    library("Settings", [.product(name: "Yams", package: "Yams")]),
    library("Evaluation", ["ModelFile"]),

    // Put together
    library("Pipeline", ["Capture", "Inference", "ModelFile", "Recognition", "Video"]),
    library("Daemon", ["Events", "Pipeline", "Settings", logging, lifecycle, signals]),
    .executableTarget(
      name: "adld", dependencies: ["Daemon", "Settings", argumentParser, logging], swiftSettings: settings),
    .executableTarget(
      name: "adl",
      dependencies: [
        "Capture", "Events", "Golden", "Inference", "ModelFile", "Networks", "Pipeline", "Recognition", "Video",
        argumentParser,
      ],
      swiftSettings: settings),

    // Seen by tests only
    .executableTarget(
      name: "camera-probe", dependencies: ["Capture", "CTestMedia", "Video", argumentParser],
      path: "Tests/CameraVM/Probe",
      swiftSettings: settings),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    .target(
      name: "CTestMedia", path: "Tests/CTestMedia",
      linkerSettings: ["avformat", "avcodec", "avutil"].map { .linkedLibrary($0) }),

    tests("NetworksTests", ["Networks"]),
    tests("VideoTests", ["Video", "TestSupport"]),
    tests("SettingsTests", ["Settings", "TestSupport"]),
    tests("RecognitionTests", ["Recognition", "TestSupport"]),
    tests(
      "IntegrationTests",
      ["Capture", "Events", "Inference", "ModelFile", "Pipeline", "Recognition", "adl", "adld", "camera-probe"]),
    tests("EventsTests", ["Events", "CZeroMQ", "TestSupport"]),
    tests("ModelFileTests", ["ModelFile", "Networks"], resources: [.copy("Fixtures")]),
    tests("CaptureTests", ["Capture", "Video", "CTestMedia", "TestSupport"]),
    tests("EvaluationTests", ["Evaluation", "TestSupport"]),
    tests("GoldenTests", ["Golden", "Networks"]),
    tests("InferenceTests", ["Inference", "Golden", "Networks", "TestSupport"]),
  ]
)
