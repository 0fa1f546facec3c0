// swift-tools-version: 6.2
import Foundation
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

/// For targets that touch every pixel: tests would wait for their loops without the optimiser.
let optimised = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// A Swift target of ours in Sources.
func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = [],
  settings: [SwiftSetting] = settings
) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

/// What reads the inputs of strangers, for the fuzzer and for the tests of its seeds.
let fuzzed: [Target.Dependency] = [
  "Alerts", "Basics", "Bridge", "Capture", "Daemon", "Datasets", "Detection", "Evaluation", "Events", "History",
  "Inference", "ModelFile", "Networks", "Page", "Pipeline", "Recognition", "Rules", "Settings", "Synthesis", "Video",
]

/// A Swift target of ours in Tests.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(
    name: name, dependencies: ["Basics", "TestSupport"] + dependencies, resources: resources, swiftSettings: settings)
}

/// The libtorch to build `adl-train` with.
///
/// Debian's, or the one in the folder that LIBTORCH names, such as PyPI's
/// `torch` with CUDA. The live side never links it.
struct Libtorch {
  var flags: [String]
  var language: CXXLanguageStandard
  var linker: [LinkerSetting]

  init(folder: String?) {
    guard let folder else {
      flags = ["-I/usr/include/torch/csrc/api/include"]
      language = .cxx17
      linker = ["torch", "torch_cpu", "c10", "dnnl"].map { .linkedLibrary($0) }
      return
    }
    let hasCUDA = FileManager.default.fileExists(atPath: folder + "/lib/libtorch_cuda.so")
    flags = ["-I\(folder)/include", "-I\(folder)/include/torch/csrc/api/include"] + (hasCUDA ? Self.cuda(folder) : [])
    language = .cxx20
    // Nothing names a symbol of libtorch_cuda; it registers itself when it is loaded.
    let libraries = ["-ltorch", "-ltorch_cpu", "-lc10"] + (hasCUDA ? ["-ltorch_cuda", "-lc10_cuda"] : [])
    linker = [
      .unsafeFlags(
        ["-L\(folder)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(folder)/lib", "-Xlinker", "--no-as-needed"] + libraries
      )
    ]
  }
}

extension Libtorch {
  /// Flags to report a GPU's memory, and to let ranks on GPUs talk through NCCL.
  ///
  /// Its headers and CUDA's lie beside pip's torch (`pip install nvidia-cuda-crt` completes them) or in CUDA's own folder.
  static func cuda(_ folder: String) -> [String] {
    let nvidia = folder + "/../nvidia"
    let packages = ((try? FileManager.default.contentsOfDirectory(atPath: nvidia)) ?? []).sorted()
    let folders = packages.map { "\(nvidia)/\($0)/include" } + ["/usr/local/cuda/include", "/usr/include"]
    func holding(_ header: String) -> String? {
      folders.first { FileManager.default.fileExists(atPath: $0 + "/" + header) }
    }
    guard let cuda = holding("crt/host_config.h") else { return [] }
    let peers = holding("nccl.h").map { ["-DCTORCH_NCCL", "-isystem", $0] } ?? []
    return ["-DCTORCH_CUDA", "-isystem", cuda] + peers
  }
}

let libtorch = Libtorch(folder: Context.environment["LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 })

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
  name: "adl",
  products: [
    .executable(name: "adld", targets: ["adld"]),
    .executable(name: "adl", targets: ["adl"]),
    .executable(name: "adl-train", targets: ["adl-train"]),
    .executable(name: "adl-mqtt", targets: ["adl-mqtt"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // C libraries
    .systemLibrary(name: "CTurboJPEG"),
    .systemLibrary(name: "CZeroMQ"),
    .systemLibrary(name: "CMosquitto"),
    .systemLibrary(name: "CFileSystem"),
    .target(name: "CConnections"),
    .target(name: "COpenMP"),
    .target(
      name: "CFFmpeg", linkerSettings: ["avformat", "avcodec", "avutil", "swscale"].map { .linkedLibrary($0) }),
    .target(
      name: "COpenCV", cxxSettings: [.unsafeFlags(["-isystem", "/usr/include/opencv4"])],
      linkerSettings: ["opencv_core", "opencv_dnn", "opencv_imgproc", "opencv_video"].map { .linkedLibrary($0) }),
    .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
    .target(name: "CVideo4Linux", linkerSettings: [.linkedLibrary("v4l2")]),
    .target(
      // Its inner loops are unbearable without the optimiser, in debug builds too.
      name: "CTorch", cxxSettings: [.unsafeFlags(libtorch.flags + ["-O2"])], linkerSettings: libtorch.linker),

    // What every room may use
    library("Basics"),
    library("Systemd", ["Basics", logging]),

    // Described, never computed
    library("Networks"),
    library("Golden", ["Basics", "Networks"], resources: [.embedInCode("golden.json")]),
    library("ModelFile", ["Basics", "Networks", .product(name: "Crypto", package: "swift-crypto")]),

    // One room each
    library("Video", settings: optimised),
    library("Capture", ["Basics", "Video", "CVideo4Linux", "CFFmpeg", "CTurboJPEG"]),
    library("Inference", ["Networks", "COneDNN"]),
    library("Recognition", ["Networks"]),
    library("Rules"),
    library("Detection", ["Basics", "Video", "COpenCV"]),
    library("People", ["Video"]),
    library("Datasets", ["Basics", "Capture", "Detection", "Networks", "People", "Video"]),
    library("Synthesis", ["Basics", "Capture", "Datasets", "Video", argumentParser], settings: optimised),
    library("Events", ["Basics", "CConnections", "CZeroMQ"]),
    library("Bridge", ["Basics", "Events"]),
    library("History", ["Basics", "CFileSystem", "Events", .product(name: "GRDB", package: "GRDB.swift")]),
    library("Settings", ["Basics", "Networks", .product(name: "Yams", package: "Yams")]),
    library("Evaluation", ["Basics", "ModelFile"]),

    library("Tensors", ["CTorch"]),

    // Put together
    library("Alerts", ["Events", "Rules", "Settings"]),
    library(
      "Page", ["Basics", "Events", "History"],
      resources: ["html", "css", "js"].map { .embedInCode("Resources/page.\($0)") }),
    library(
      "Pipeline", ["Capture", "Detection", "Inference", "ModelFile", "Networks", "People", "Recognition", "Video"]),
    library("Annotation", ["Basics", "Capture", "COpenCV", "Pipeline", "Recognition", "Video"]),
    library(
      "Daemon",
      [
        "Alerts", "Basics", "Capture", "Detection", "Events", "History", "Inference", "ModelFile", "Networks", "Page",
        "People", "Pipeline", "Recognition", "Rules", "Settings", "Systemd", "Video", logging, lifecycle,
      ]),
    library(
      "Training",
      [
        "Basics", "Datasets", "Evaluation", "Golden", "Inference", "ModelFile", "Networks", "Settings", "Tensors",
        "Video",
      ]),
    .executableTarget(
      name: "adld",
      dependencies: [
        "Basics", "COpenMP", "Daemon", "Detection", "ModelFile", "Settings", "Synthesis", "Systemd", argumentParser,
        logging,
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "adl-mqtt",
      dependencies: [
        "Basics", "Bridge", "CMosquitto", "Events", "Settings", "Systemd", argumentParser, logging,
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "adl",
      dependencies: [
        "Alerts", "Annotation", "Basics", "Capture", "COpenMP", "Detection", "Evaluation", "Events", "Golden",
        "History", "Inference", "ModelFile", "Networks", "People", "Pipeline", "Recognition", "Rules", "Settings",
        "Synthesis", "Video", argumentParser,
      ],
      swiftSettings: settings),

    .executableTarget(
      name: "adl-train",
      dependencies: [
        "Basics", "Capture", "COpenMP", "Datasets", "Detection", "Evaluation", "Golden", "ModelFile", "Networks",
        "Settings", "Synthesis", "Tensors", "Training", "Video", argumentParser,
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: settings),

    // Seen by tests only
    .executableTarget(
      name: "camera-probe", dependencies: ["Basics", "Capture", "CTestMedia", "Synthesis", "Video", argumentParser],
      path: "Tests/CameraVM/Probe",
      swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["CTestMedia", "Video"], path: "Tests/TestSupport", swiftSettings: settings),
    .target(
      name: "CTestMedia", path: "Tests/CTestMedia",
      linkerSettings: ["avformat", "avcodec", "avutil"].map { .linkedLibrary($0) }),

    tests("NetworksTests", ["Networks"]),
    tests("VideoTests", ["Video"]),
    tests("SettingsTests", ["ModelFile", "Networks", "Settings"]),
    tests("RecognitionTests", ["Networks", "Recognition"]),
    tests("RulesTests", ["Rules"]),
    tests("AlertsTests", ["Alerts", "Events", "Rules", "Settings"]),
    tests("DetectionTests", ["Detection", "People", "Video"]),
    tests("PeopleTests", ["People", "Video"]),
    tests(
      "PipelineTests",
      ["Detection", "Golden", "Inference", "ModelFile", "Networks", "People", "Pipeline", "Recognition", "Video"]),
    tests(
      "DaemonTests",
      [
        "Capture", "Daemon", "Detection", "Events", "ModelFile", "Networks", "Page", "Pipeline", "Recognition",
        "Settings", "Systemd", "Video", logging,
      ]),
    tests(
      "IntegrationTests",
      [
        "Capture", "Events", "History", "Inference", "ModelFile", "Networks", "Pipeline", "Recognition", "Synthesis",
        "Video", "adl", "adl-mqtt", "adld", "camera-probe", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    tests("BridgeTests", ["Bridge", "Events"]),
    tests("EventsTests", ["Events", "CZeroMQ"]),
    tests("HistoryTests", ["Events", "History", .product(name: "GRDB", package: "GRDB.swift")]),
    tests("PageTests", ["Events", "History", "Page"]),
    tests("ModelFileTests", ["ModelFile", "Networks"], resources: [.copy("Fixtures")]),
    tests("CaptureTests", ["Capture", "Video", "CTurboJPEG", "CVideo4Linux"]),
    tests(
      "DatasetsTests", ["Capture", "Datasets", "Detection", "Networks", "People", "Video"],
      resources: [.copy("Fixtures")]),
    tests("SynthesisTests", ["Capture", "Datasets", "Networks", "Synthesis", "Video"]),
    tests("EvaluationTests", ["Evaluation"]),
    tests("BasicsTests", []),
    tests(
      "AnnotationTests",
      ["Annotation", "Capture", "ModelFile", "Pipeline", "Recognition", "Video"]),
    tests("GoldenTests", ["Golden", "Networks"]),
    .testTarget(
      name: "FuzzTests", dependencies: fuzzed, exclude: ["Driver", "Dictionaries", "README.md", "run"],
      resources: [.copy("Seeds")], swiftSettings: settings),
    tests("InferenceTests", ["Inference", "Golden", "Networks"]),
    tests("TensorsTests", ["Tensors"]),
    tests(
      "TrainingTests",
      [
        "Datasets", "Evaluation", "Golden", "Inference", "ModelFile", "Networks", "Settings", "Tensors", "Training",
        "Video", "adl", "adl-train",
      ]),
  ],
  cxxLanguageStandard: libtorch.language
)

// Tests/FuzzTests/run asks for it: the same readers with libFuzzer in place of the tests.
if Context.environment["ADL_FUZZ"] != nil {
  package.targets.removeAll { $0.name == "FuzzTests" }
  package.targets += [
    .systemLibrary(name: "CLibFuzzer", path: "Tests/CLibFuzzer"),
    .executableTarget(
      name: "fuzz", dependencies: fuzzed + ["CLibFuzzer"], path: "Tests/FuzzTests",
      exclude: ["Dictionaries", "README.md", "run", "Seeds", "SeedTests.swift"],
      swiftSettings: settings),
  ]
}
