package com.example.shop;

import java.util.List;
import java.util.Map;

/**
 * A basket of goods.
 */
@Service
@SuppressWarnings({"unchecked", "raw"})
public class Basket<T extends Item> implements Iterable<T> {
    private static final String OPEN = "{";
    private final Map<String, List<T>> items;

    /** Makes a basket. */
    public Basket(Map<String, List<T>> items) {
        this.items = items;
    }

    @Override
    public Iterator<T> iterator() {
        for (var list : items.values()) {
            if (list.isEmpty()) {
                continue;
            } else {
                return list.iterator();
            }
        }
        return null;
    }

    public <K> int count(
            K key,
            char quote) throws IOException
    {
        String text = """
            { "a": 1
            """;

        // a step
        return switch (quote) {
            case '{' -> 1;
            case '\'' -> 2;
            default -> 3;
        };
    }

    enum Kind {
        SMALL,
        LARGE;

        Kind next() {
            return LARGE;
        }
    }
}

record Point(int x, int y) {
    static Point origin() { return new Point(0, 0); }
}

interface Sink {
    void put(String text);

    default void close() {
    }
}
