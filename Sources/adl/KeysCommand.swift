import ArgumentParser
import Basics
import Events
import Foundation

/// The command `adl keys`: who may watch from other machines.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Make keys, and choose which clients on other machines may connect.",
    discussion: """
      Once, on the daemon's machine, which also needs events.remote in adld.yaml:
        adl keys generate /etc/adl/curve
        chown root:adl /etc/adl/curve.secret && chmod 640 /etc/adl/curve.secret
      On the client's machine:
        adl keys generate laptop
      Then copy laptop.public to the daemon's machine and curve.public to the client's:
        adl keys add laptop laptop.public
        adl watch --endpoint tcp://HOST:5556 --server-key curve.public --key laptop.secret

      The daemon rereads the folder at every heartbeat: within seconds, and without a restart, an added client can connect
      and a revoked one is disconnected.
      """,
    subcommands: [Generate.self, Add.self, List.self, Revoke.self])

  /// The folder named by events.remote.clients.
  struct Folder: ParsableArguments {
    @Option(help: ArgumentHelp("The daemon's events.remote.clients.", valueName: "folder"))
    var clients = "/etc/adl/clients"
  }

  struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key pair: PATH.secret, readable only by you, and PATH.public.")

    @Argument(help: "Path of the files, without their extension.")
    var path: String

    func validate() throws {
      guard !path.isEmpty, !path.hasSuffix("/") else { throw ValidationError("'\(path)' does not name a file") }
    }

    func run() throws {
      try reporting {
        guard let key = SecretKey.generate() else {
          throw stopped("this libzmq was built without CURVE", ExitStatus.unavailable)
        }
        let known = try KeyFile.write(key, to: path, name: URL(fileURLWithPath: path).lastPathComponent)
        print("keep \(path).secret here; give \(path).public, which is \(known), to the others")
      }
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Allow a client to connect.")

    @Argument(help: "What it is called here.")
    var name: String

    @Argument(help: "Its public key: the file, or its 40 characters.")
    var key: String

    @OptionGroup var folder: Folder

    func run() throws {
      try reporting {
        let known = try PublicKey(key) ?? KeyFile.publicKey(path: key, setting: "the key")
        try ClientKeys.add(name, known, to: folder.clients)
        print("\(name) may connect")
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show who may connect.")

    @OptionGroup var folder: Folder

    func run() throws {
      try reporting {
        let clients = try ClientKeys(folder: folder.clients, setting: "--clients")
        let width = clients.sorted.map(\.name.count).max() ?? 0
        for (name, key) in clients.sorted {
          print("\(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(key)")
        }
        for fault in clients.faults { warn("\(fault)") }
        if clients.names.isEmpty { warn("\(folder.clients) lets nobody in") }
      }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove a client, and disconnect it.")

    @Argument(help: "What it is called here.")
    var name: String

    @OptionGroup var folder: Folder

    func run() throws {
      try reporting {
        try ClientKeys.revoke(name, in: folder.clients)
        print("\(name) may no longer connect")
      }
    }
  }
}
