// swift-tools-version: 5.10
import PackageDescription

let package = Package(
  name: "subscriber",
  targets: [
    .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .executableTarget(name: "subscriber", dependencies: ["CZeroMQ"]),
  ]
)
