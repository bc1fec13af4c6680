import Foundation

/// A point.
struct Point: Equatable {
    let x: Int
    var y: Int?

    static func == (a: Point, b: Point) -> Bool {
        return a.x == b.x
    }
}

@MainActor
public final class Basket<T> where T: Hashable {
    private var items: [T] = []

    init?(items: [T]) {
        guard !items.isEmpty else {
            return nil
        }
        self.items = items
    }

    func add(_ item: T) -> String {
        let raw = #"a "quoted" {"#
        let text = """
          func notHere() {
          """
        switch item {
        case is Int:
            return raw
        default:
            return "\(text) {"
        }
    }
}

/* outer /* inner */ { */
extension Basket: CustomStringConvertible {
    var description: String {
        return items
            .map { "\($0)" }
            .joined()
    }
}

enum Kind {
    case small
    case large
}

func helper() {}
