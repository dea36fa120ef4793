"""Names, nicknames, streets and towns, out of which contact records are put together.

People's names are common ones of many European languages, most frequent first. Towns, postcodes
and the dialling code are invented: nobody lives at these addresses, and +999 reaches nobody.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

#: Given names by region, women then men; after the colon the nicknames people go by.
_GIVEN = {
    "north": (
        """Anna:Annie,Anni Emma:Em Maria:Mia Elisabeth:Lisa,Beth,Elsa,Liz Karin:Kari Katarina:Kati,Trine
        Margareta:Greta,Maggie Astrid:Asta Ingrid:Inga Johanna:Hanna,Jo Sofie:Soffi Charlotte:Lotte,Charlie
        Freja Linnea:Nea Birgitta:Britta,Gitte Kristina:Stina,Tina Susanne:Sanne,Sus Helena:Leni,Lena
        Alexandra:Alex,Sandra Rebecka:Becka Wilhelmina:Mina,Willa Annelise:Lise Matilda:Tilda Josefine:Fina,Josie
        Victoria:Vicky,Tori Henrietta:Henni Ida Sigrid:Siri Marit Saga Ulrika:Ulla Jacoba:Coba Femke Saskia
        Eleanor:Nell,Ellie Catherine:Kate,Cathy,Kitty Margaret:Peggy,Meg Jessica:Jess Olivia:Liv,Livvy
        Abigail:Abby Isabel:Bella,Izzy Philippa:Pippa""",
        """Lars:Lasse Erik:Rik Johan:Jo,Hannes Anders:Andi Nils:Nisse Mikael:Micke,Mike Peter:Pete,Pelle
        Jan Magnus:Mange Fredrik:Fred,Freddie Karl:Kalle Søren Jens Henrik:Henke,Rik Kristian:Kris,Chris
        Alexander:Alex,Sander,Xander Thomas:Tom,Tommy Sebastian:Basti,Seb Daniel:Dan,Danny Mathias:Mats,Matti
        Oskar:Ossi Gustav:Gus,Gösta Bertil:Berra Rasmus:Ras Emil Viktor:Vic Bengt Björn Olaf:Olle Willem:Wim,Pim
        Cornelis:Kees Hendrik:Henk Jakob:Jeppe,Jaap William:Bill,Will,Billy Robert:Rob,Bob,Bert
        Edward:Ed,Ted,Ned Richard:Rick,Dick Benjamin:Ben,Benny Jonathan:Jon,Jonny Samuel:Sam,Sammy
        Nicholas:Nick,Nicky""",
    ),
    "south": (
        """Maria:Mari,Mia Giulia:Giuli Francesca:Franca,Checca Carmen:Carmela Sofia:Sofi Lucía:Luci
        Isabella:Isa,Bella Valentina:Vale,Tina Alessandra:Sandra,Ale Elena:Nena Caterina:Rina,Cate
        Giovanna:Gianna,Vanna Antonella:Nella,Anto Giuseppina:Pina,Pinuccia Dolores:Lola,Loli
        Mercedes:Merche Rosario:Charo Concepción:Concha,Conchita Teresa:Tere,Resi Pilar:Pili
        Ana:Anita Beatriz:Bea,Bia Inês Catarina:Cata Margarida:Guida Mariana Joana:Juana Laura:Lauri
        Chiara Federica:Fede,Kikka Martina:Marti,Tina Eleni:Lena Aikaterini:Katerina,Kat Georgia:Gogo
        Raffaella:Raffi,Lella Simona:Simo Paola Silvia:Silvi Montserrat:Montse Guadalupe:Lupe""",
        """Marco José:Pepe,Zé Antonio:Toni,Tonio,Toño Francesco:Franco,Ciccio Giovanni:Gianni,Nanni
        Giuseppe:Beppe,Peppe,Pino Luigi:Gigi Francisco:Paco,Pancho,Chico Manuel:Manolo,Manu Juan:Juanito
        Alessandro:Sandro,Ale Andrea:Andre Matteo:Teo Lorenzo:Renzo,Lollo Salvatore:Toto,Salvo
        Vincenzo:Enzo,Cenzo Domenico:Mimmo,Nico Raffaele:Lello,Raffa Roberto:Berto,Robi Stefano:Ste
        Davide:Dado João:Joca Pedro:Perico Miguel:Migue,Micky Rafael:Rafa Ignacio:Nacho Javier:Javi
        Guillermo:Guille,Memo Enrique:Quique,Kike Fernando:Nando,Fer Alberto:Beto,Berto Eduardo:Edu,Lalo
        Sergio Tiago Nuno Georgios:Giorgos,Yorgo Dimitrios:Dimitris,Mitsos Ioannis:Yannis Konstantinos:Kostas
        Nikolaos:Nikos Pasquale:Lino""",
    ),
    "east": (
        """Anna:Ania,Anni Maria:Marysia,Mizzi Katarzyna:Kasia,Kaśka Małgorzata:Gosia,Małgosia
        Agnieszka:Aga,Agusia Barbara:Basia,Babsi Ewa Krystyna:Krysia Elżbieta:Ela Zofia:Zosia
        Magdalena:Magda,Leni Joanna:Asia,Joasia Aleksandra:Ola,Sandra Monika:Moni Zuzanna:Zuza
        Tereza:Terka Kateřina:Katka Eliška:Ela Jana:Janka Lenka Markéta:Markta Veronika:Vroni,Nika
        Eszter:Eszti Katalin:Kati,Kata Erzsébet:Bözsi,Erzsi Zsuzsanna:Zsuzsi,Zsuzsa Ilona:Ica
        Julianna:Juli,Julcsi Elisabeth:Sissi,Liesl,Lisa Theresia:Resi Franziska:Franzi,Sissi
        Johanna:Hanni,Hanna Katharina:Kathi,Kati Natalia:Nati,Talia Viktoria:Viki,Vicky Oksana:Ksana
        Danuta:Danka Wanda Ivana:Iva Ljubica:Ljuba""",
        """Jan:Janek,Honza Piotr:Piotrek Andrzej:Jędrek Krzysztof:Krzysiek,Krzyś Stanisław:Staszek,Stach
        Tomasz:Tomek Paweł:Pawełek Michał:Michałek Marcin:Marcinek Jakub:Kuba,Kubuś Mateusz:Mati
        Aleksander:Olek,Alex Wojciech:Wojtek Grzegorz:Grzesiek Zbigniew:Zbyszek Jiří:Jirka Petr:Péťa
        Václav:Vašek Josef:Pepa,Sepp Tomáš:Tom František:Franta Martin:Marti Lukáš:Luky Ondřej:Ondra
        László:Laci István:Pisti Sándor:Sanyi Ferenc:Feri József:Józsi Gábor:Gabi Zoltán:Zoli
        Franz:Franzl Johann:Hans,Hansl Leopold:Poldi Matthias:Hias,Matti Florian:Flo Ivan:Vanja
        Bogdan Milan Dragan:Drago""",
    ),
    "west": (
        """Marie:Mimi Camille:Cam Julie:Juju Charlotte:Cha,Lotte Catherine:Cathy,Cat Isabelle:Isa,Belle
        Françoise:Fanchon Nathalie:Nath,Nat Élodie:Élo Stéphanie:Steph,Fanny Sophie:Soso Émilie:Mimi,Em
        Valérie:Val Dominique:Dom,Domi Jacqueline:Jackie,Line Geneviève:Geneva,Ginette Louise:Lou,Loulou
        Manon Léa Chloé Mathilde:Math,Tilda Joséphine:Jo,Fifi Madeleine:Mado,Maddie Monique:Momo
        Bernadette:Bernie,Nadette Brigitte:Bri,Gitte Susanne:Susi,Sanne Gabriele:Gabi Ursula:Uschi,Ulla
        Petra Sabine:Bine Andrea:Andi Annette:Nettie Claudia:Claudi Friederike:Rike,Fritzi Heike
        Christine:Chris,Tine Angelika:Geli,Angi Jennifer:Jenny,Jen Patricia:Pat,Patsy,Tricia
        Deborah:Debbie,Deb Samantha:Sam,Sammie""",
        """Jean:Jeannot Pierre:Pierrot Michel:Mimich,Mitch Philippe:Phil,Filou Nicolas:Nico,Colas
        Christophe:Chris,Tophe Frédéric:Fred,Fredo Stéphane:Steph Laurent:Lolo Sébastien:Seb,Bastien
        Alexandre:Alex,Sacha Guillaume:Guigui,Gui Thierry:Titi François:Fanch Vincent:Vince Olivier:Oli
        Emmanuel:Manu Mathieu:Mat,Matt Benoît:Ben Antoine:Toine,Tony Maxime:Max Grégoire:Greg Théodore:Théo
        Léonard:Léo Gérard:Gégé Andreas:Andi,Andy Wolfgang:Wolf,Wolfi Klaus Maximilian:Max,Maxi
        Friedrich:Fritz,Fred Heinrich:Heiner,Heinz Johannes:Hannes,Hans Dietrich:Dieter Joachim:Jochen,Achim
        Christopher:Chris,Kit Anthony:Tony,Ant Patrick:Pat,Paddy Andrew:Andy,Drew Joseph:Joe,Joey
        Michael:Mike,Mick,Michi""",
    ),
}

_SURNAMES = {
    "north": """Hansen Johansson Nielsen Andersson Jensen Karlsson Pedersen Nilsson Larsen Eriksson Olsen
        Svensson Christensen Lindberg Sørensen Berg de~Vries Lindström Jansen van~Dijk Dahl Bakker Korhonen
        Virtanen Nieminen Mäkinen Holm Lund Haugen Halvorsen Strand Solberg Moen Bakke Eide Nygård Sjöberg
        Ekström Holmgren Wallin Nyström Öberg Hedlund Sandberg Forsberg Engström Visser Smit Meijer Mulder
        de~Groot Bos Vos Peters Hendriks van~Leeuwen Dekker Brouwer van~den~Berg Kuipers Postma Hoekstra
        Smith Taylor Walker Wright Thompson Robinson Harrison Murray Campbell Stewart Fraser McKenzie O'Brien
        Kelly Murphy Walsh Byrne Doyle Gallagher Rooney Ashworth Holloway Pemberton Whitfield Lockwood
        Thorne Hale Kallas Tamm Saar Ozoliņš Kalniņš Kazlauskas Petrauskas Skov Kjær Bøgh Ravn Friis""",
    "south": """Rossi García Ferrari Silva Russo Martínez Santos Esposito López Bianchi Ferreira Romano
        Sánchez Colombo Pereira Pérez Ricci Oliveira Marino Gómez Costa Greco Rodríguez Bruno Fernández Gallo
        González Conti Ruiz De~Luca Mancini Hernández Lombardi Díaz Moretti Barbieri Moreno Fontana Álvarez
        Santoro Muñoz Mariani Romero Rinaldi Alonso Caruso Gutiérrez Ferrara Navarro Galli Torres Martini
        Domínguez Leone Vázquez Longo Ramos Gentile Gil Martinelli Serrano Vitale Blanco Pellegrini Molina
        Serra Morales Coppola Suárez Ortega Marchetti Delgado Parisi Castro Villa Ortiz Ferri Rubio Bellini
        Marques Almeida Ribeiro Carvalho Teixeira Moreira Correia Mendes Nunes Vieira Papadopoulos
        Georgiou Nikolaidis Pappas Dimitriou Vella Borg Camilleri Zammit Puig Ferrer Soler Vidal""",
    "east": """Nowak Kowalski Novák Nagy Wiśniewski Svoboda Kovács Wójcik Novotný Tóth Gruber Kowalczyk
        Dvořák Szabó Huber Kamiński Černý Horváth Wagner Lewandowski Procházka Varga Pichler Zieliński Kučera
        Kiss Steiner Szymański Veselý Molnár Moser Woźniak Horák Németh Mayer Dąbrowski Němec Farkas Hofer
        Kozłowski Pokorný Balogh Leitner Jankowski Marek Papp Berger Mazur Pospíšil Takács Fuchs Kwiatkowski
        Hájek Juhász Eder Krawczyk Jelínek Lakatos Fischer Piotrowski Král Mészáros Winkler Grabowski Růžička
        Oláh Schwarz Pawłowski Beneš Simon Baumgartner Michalski Fiala Rácz Brunner Król Sedláček Fekete Wieser
        Popescu Ionescu Popa Dumitru Stan Ivanov Petrov Dimitrov Georgiev Horvat Kovačević Babić Marić Jurić
        Zupan Kovač Hribar Melnyk Shevchenko Bondarenko Tkachuk Kravets""",
    "west": """Martin Müller Bernard Schmidt Dubois Schneider Thomas Fischer Robert Weber Richard Meyer Petit
        Becker Durand Schulz Leroy Hoffmann Moreau Koch Laurent Bauer Lefebvre Richter Michel Klein
        Bertrand Wolf Roux Schröder Vincent Neumann Fournier Zimmermann Morel Braun Girard Krüger André
        Hofmann Mercier Hartmann Dupont Lange Lambert Krause Bonnet Lehmann François Köhler Martinez Keller
        Legrand Walter Garnier Kaiser Faure Fuchs Rousseau Peters Blanc Lang Guérin Scholz Muller Möller Roussel
        Weiß Perrin Jung Morin Hahn Mathieu Vogel Clément Friedrich Gauthier Günther Dumont Frank Lopez Berger
        Fontaine Winkler Chevalier Roth Robin Beck Masson Lorenz Noël Albrecht Dufour Simon Lemaire Ludwig
        Janssens Maes Jacobs Mertens Willems Claes Goossens Wouters De~Smet Jones Evans Davies Hughes Bennett""",
}

#: Streets, as their people write them; `#` is the house number.
_STREETS = {
    "north": """Storgatan #|Kyrkvägen #|Skolgade #|Strandvejen #|Parkveien #|Fjordgata #|Industrigatan #|
        Björkvägen #|Møllevej #|Nygade #|Kerkstraat #|Molenweg #|Dorpsstraat #|Havenkade #|Lindelaan #|# Mill Lane|
        # High Street|# Station Road|# Church Lane|# Harbour Road|# Queen Street|# Orchard Close|# Green Lane|
        Kungsgatan #|Vestergade #|Skogsvägen #|Koivutie #|Rantakatu #|Ekvägen #|Bakkevej #|Tulpenstraat #|
        Nieuwstraat #|Wilgenlaan #|# Chapel Street|# Meadow Road|# Kingsway|Havnegade #|Torggatan #""",
    "south": """Via Roma #|Via Garibaldi #|Via dei Mille #|Via Mazzini #|Corso Italia #|Piazza San Marco #|
        Via della Fonte #|Via del Mulino #|Vicolo Stretto #|Calle Mayor #|Calle del Sol #|Calle Real #|
        Avenida de la Paz #|Calle San Juan #|Plaza Nueva #|Calle de la Luna #|Paseo del Río #|Rua Direita #|
        Rua das Flores #|Rua da Igreja #|Avenida da Liberdade #|Travessa do Forno #|Rua do Moinho #|Via Dante #|
        Via Verdi #|Corso Vittorio #|Calle Nueva #|Avenida del Mar #|Calle de los Olivos #|Via delle Rose #|
        Via San Rocco #|Calle Cervantes #|Rua Augusta #|Via Cavour #|Calle de la Fuente #|Via Manzoni #""",
    "east": """Hauptstraße #|Bahnhofstraße #|Kirchengasse #|Feldgasse #|Schulstraße #|Wiesenweg #|Berggasse #|
        ul. Polna #|ul. Leśna #|ul. Słoneczna #|ul. Krótka #|ul. Szkolna #|ul. Ogrodowa #|ul. Lipowa #|
        ul. Kwiatowa #|ul. Zielona #|Nádražní #|Zahradní #|Na Kopci #|Pod Lesem #|Školní #|Husova #|Palackého #|
        Kossuth utca #|Petőfi utca #|Rákóczi út #|Dózsa út #|Fő utca #|Kertész utca #|Ahornweg #|Sonnengasse #|
        ul. Kościelna #|ul. Ogrodnicza #|Lesní #|Jókai utca #|Brunnengasse #""",
    "west": """# Rue de l'Église|# Rue du Moulin|# Rue des Lilas|# Avenue de la Gare|# Place du Marché|# Rue Pasteur|
        # Rue Victor Hugo|# Boulevard Voltaire|# Chemin des Vignes|# Rue de la République|# Impasse des Roses|
        Lindenstraße #|Gartenstraße #|Bergstraße #|Mühlenweg #|Goethestraße #|Schillerstraße #|Birkenweg #|
        Am Markt #|Rosenweg #|Waldstraße #|Dorfstraße #|Kastanienallee #|Ringstraße #|# Rue de la Fontaine|
        # Avenue des Tilleuls|# Rue du Château|# Quai du Port|# Rue Neuve|Amselweg #|Buchenweg #|Lerchenweg #|
        # Allée des Chênes|# Rue du Stade|# Park Avenue|# Castle Street|Hafenstraße #|Marktgasse #""",
}

_TOWNS = {
    "north": """Norrvik Askholm Bjerkeby Fjordhavn Granås Hvidsund Iskoski Kaldborg Lindhamn Møllerup Nordmeer
        Oosterwold Rødberg Stormness Thorsby Ulvsund Vesterdam Whinmoor Yttervik Elmswick""",
    "south": """Acquarossa Bellariva Campoverde Dolcemare Entrerios Fontesanta Guadalmar Isolalta Lagofino
        Montefalco~Alto Olivares Portosole Quintavilla Ribadouro Sierraluna Torrealta Valdelagos Vinhalva
        Xirokambi Zafferana~Mare""",
    "east": """Altenwald Borovice Czarnylas Dolnipole Erlstein Feketehegy Grünau~am~Berg Hradiste~Nove Jasnagora
        Kisvár Lipovec Mosonhát Niederfurt Ostrówek~Wielki Podlesie Rakovnik Srebrnica Tiszahalom Újmező
        Zlatohora""",
    "west": """Aubeclaire Boisvert Clairefontaine~les~Bains Dünenburg Eichtal Fontvieille~sur~Orme Gravemont
        Hohenried Jolival Kaltenbrück Lacmont Meerbach Neufmoulin Obersteinfeld Pontivray Rochebrune
        Sankt~Anton Tannried Valmoren Westerhude""",
}

REGIONS = ("north", "south", "east", "west")


def _words(text: str) -> list[str]:
    return [word.replace("~", " ") for word in text.split()]


def _given(text: str) -> dict[str, tuple[str, ...]]:
    parts = (word.partition(":") for word in text.split())
    return {name: tuple(nick.split(",")) if nick else () for name, _, nick in parts}


#: Pools by region: given names of women, of men (name → nicknames), surnames, streets, towns.
WOMEN = {region: _given(_GIVEN[region][0]) for region in REGIONS}
MEN = {region: _given(_GIVEN[region][1]) for region in REGIONS}
SURNAMES = {region: _words(_SURNAMES[region]) for region in REGIONS}
STREETS = {r: [s.strip() for s in _STREETS[r].split("|")] for r in REGIONS}
TOWNS = {region: _words(_TOWNS[region]) for region in REGIONS}

#: The dialling code of the invented country that Meridian trades in.
DIALLING_CODE = "999"


def _known_as() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pool in (*WOMEN.values(), *MEN.values()):
        for name, short in pool.items():
            for nick in short:
                found.setdefault(nick, set()).add(name)
    return MappingProxyType({nick: frozenset(names) for nick, names in sorted(found.items())})


#: Nickname → the given names it may stand for ("Alex": Alexander, Alexandra …).
NICKNAMES = _known_as()

#: Words of an address and how people shorten them, longest first.
ABBREVIATIONS: Mapping[str, str] = MappingProxyType(
    {
        "straße": "str.",
        "straat": "str.",
        "Boulevard": "Blvd",
        "Avenida": "Avda.",
        "Avenue": "Ave",
        "Street": "St",
        "Corso": "C.so",
        "Piazza": "P.za",
        "gatan": "g.",
        "gasse": "g.",
        "Place": "Pl.",
        "Calle": "C/",
        "Road": "Rd",
        "Lane": "Ln",
        "utca": "u.",
        "Rue": "R.",
        "Via": "V.",
    }
)

_UNFOLDED = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "đ": "d", "Đ": "D"}
)


def fold(text: str) -> str:
    """Return `text` in plain letters, without accents.

    >>> fold("Søren Łukasz Weiß, Noël")
    'Soren Lukasz Weiss, Noel'
    """
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text.translate(_UNFOLDED))
    return "".join(c for c in apart if not unicodedata.combining(c))
